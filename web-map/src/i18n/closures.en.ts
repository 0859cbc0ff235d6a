import type { ClosureTexts } from './closures.zh'

const en = {
  title: 'Closed roads',
  draw: 'Draw a closure',
  drawHint: 'Click on the map: a line across the road, or around an area',
  points: '{n} points drawn',
  area: 'Close the whole area',
  reason: 'Reason',
  reasonHint: 'such as road works',
  hours: 'For how many hours (empty: until lifted)',
  save: 'Close',
  back: 'Take a point back',
  cancel: 'Cancel',
  lift: 'Lift',
  undo: 'Undo the lifting',
  lifted: 'Lifted: {reason}',
  none: 'No roads are closed now.',
  until: 'until {time}',
  open: 'until lifted',
  roads: '{n} pieces of road',
  noRoads: 'touches no road',
  failed: 'Not saved: {why}',
} satisfies ClosureTexts
export default en
