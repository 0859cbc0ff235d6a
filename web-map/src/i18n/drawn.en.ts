import type { DrawnMessages } from './drawn.zh'

export default {
  edit: 'Change',
  retireAsk: 'Press again',
  undo: 'Undo a step',
  corners: 'Corners (longitude, latitude, WGS-84)',
  centre: 'Centre (longitude, latitude, WGS-84)',
  lonOf: 'Longitude of point {n}',
  latOf: 'Latitude of point {n}',
  removeCorner: 'Remove point {n}',
  addCorner: 'Add a corner',
  centreHere: 'Use the middle of the map',
  cornerOf: 'Corner {n}: arrow keys move it, Delete removes it',
  sideOf: 'Insert a corner behind corner {n}',
  clickCorners:
    'Click the corners one after the other; drag to move, right click or Delete to remove, a small dot to insert',
  clickCentre: 'Click the centre on the map; drag it to move',
  crowded: 'Too many corners here: zoom in to move them one by one',
  lack: {
    name: 'Give it a name.',
    corners: 'At least three corners are needed.',
    centre: 'Choose the centre.',
    radius: 'The radius is 10 m to 200 km.',
    place: 'A coordinate is wrong.',
  },
} satisfies DrawnMessages
