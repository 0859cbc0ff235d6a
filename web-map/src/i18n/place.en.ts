import type zh from './place.zh'

const en = {
  label: 'Place',
  hint: "The caller's words: shop, crossing, landmark; or pinyin, licence number",
  asking: 'Looking for the place the caller means…',
  sure: 'sure',
  likely: 'possible',
  doubtful: 'doubtful',
  over: 'licence is over',
  percent: '{n}% likely',
  verdict: {
    sure: 'Sure',
    unsure: 'Not sure',
    outside: 'Probably not in the register',
    none: 'Nothing in the register fits',
  },
  isIt: 'it is {name}; Enter takes it',
  ask: 'Ask the caller:',
  choose: '↑↓ and Enter choose one. None of them? Keep the words and click the map',
  failed: 'The place cannot be looked up now: {text} Fill in the form and register as usual.',
  open: 'No retailer chosen: the place is not verified and the caller is to be asked again within 30 min.',
  check: {
    title: 'Place not verified',
    due: 'ask the caller again by {at}',
    late: 'asking again is overdue ({at})',
    ask: 'Ask:',
    askPlace: 'where exactly it is.',
    words: "Caller's words:",
    note: 'What came of it (optional)',
    confirmed: 'Verified, place is right',
    corrected: 'Place corrected',
    unreachable: 'Not reached',
    failed: 'The place check cannot be read: {text}',
  },
} satisfies typeof zh
export default en
