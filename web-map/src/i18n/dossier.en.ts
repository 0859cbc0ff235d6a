import type zh from './dossier.zh'

const en = {
  title: 'Dossier',
  validTo: 'valid to {day}',
  cases: 'Past cases',
  noCases: 'No other case',
  openCases: '{n} open',
  lastVisit: 'Last visit',
  never: 'none recorded',
  siblings: 'Other shops of this operator',
  samePhone: 'same end of the telephone number',
  sameName: 'same name only, check',
  school: 'Nearest school',
  noSchool: 'No known school within 2 km',
  units: 'Units nearby',
  noUnits: 'No unit on shift with a known position',
  duplicates: 'Perhaps the same matter',
  duplicateHint: 'Open and compare; you decide',
  evidence: {
    retailer: 'same shop',
    subtype: 'same subtype',
    place: '{text} apart',
    words: 'words {n}% alike',
    hours: '{n} h ago',
  },
  warning: {
    licence_over: 'Licence is over',
    licence_suspended: 'Licence suspended',
    licence_ends: 'Licence ends in {n} days',
    no_licence: 'Licence number not in the register',
    no_place: 'No location in the register',
    many_cases: '{n} cases in a year',
    repeated: 'Closed {n} days ago: perhaps a repeat',
    founded: '{n} founded before',
    near_school: '{n} m from a school',
  },
} satisfies typeof zh
export default en
