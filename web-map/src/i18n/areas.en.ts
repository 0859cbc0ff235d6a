import type { AreasMessages } from './areas.zh'

export default {
  name: 'Name',
  squad: 'Squad',
  from: 'First day (empty = always has been)',
  to: 'Ends on (empty = open)',
  new: 'Draw an area',
  none: 'No squad has an area yet.',
  edit: 'Change',
  retire: 'End',
  retireAsk: 'Press again',
  since: 'since {day}',
  until: 'until {day}',
  parts: '{n} parts from a file; import it again to change the shape',
  lackOrg: 'Choose the squad.',
  lackDays: 'The last day must lie behind the first.',
  importTitle: 'Import GeoJSON',
  kind: 'What',
  kinds: { squad: 'Areas of squads (name, org)', division: 'Divisions (name, adcode)' },
  validFrom: 'The file holds from',
  file: 'File',
  dryRun: 'Check only, store nothing',
  importNow: 'Import',
  report:
    '{features} in all: {added} added, {replaced} replaced, {unchanged} unchanged, {mended} mended, {refused} refused.',
  checked: 'Checked only; nothing was stored.',
  problem: 'No. {n} {name}: {why}',
} satisfies AreasMessages
