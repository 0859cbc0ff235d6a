import type { FencesMessages } from './fences.zh'

export default {
  name: 'Name',
  radius: 'Radius (m)',
  dwell: 'Stay that is told (min, 0 = none)',
  plain: 'Every position counts as it is',
  plainHint: 'No margin for accuracy, no waiting for a second position',
  plainShort: 'as it is',
  newPolygon: 'Draw a polygon',
  newCircle: 'Draw a circle',
  none: 'No fences yet.',
  retire: 'Retire',
  circleOf: 'circle of {r}',
  cornersOf: '{n} corners',
  dwellOf: 'tells after {n} min',
  events: '{fence}: visitors',
  day: 'Day',
  at: 'Time',
  what: 'What',
  kind: { enter: 'entered', exit: 'left', dwell: 'has stayed' },
  noEvents: 'Nothing happened on this day.',
  more: 'More',
} satisfies FencesMessages
