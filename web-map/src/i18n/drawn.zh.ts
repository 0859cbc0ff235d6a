/** Words of drawing shapes on a map. */
const zh = {
  edit: '修改',
  retireAsk: '再按一次确认',
  undo: '撤销一步',
  corners: '顶点（经度、纬度，WGS-84）',
  centre: '圆心（经度、纬度，WGS-84）',
  lonOf: '第 {n} 点经度',
  latOf: '第 {n} 点纬度',
  removeCorner: '删除第 {n} 点',
  addCorner: '添加顶点',
  centreHere: '以地图中心为圆心',
  cornerOf: '第 {n} 个顶点：方向键移动，Delete 删除',
  sideOf: '在第 {n} 个顶点之后插入顶点',
  clickCorners: '依次点击地图加顶点；拖动移动，右键或 Delete 删除，点边上的小圆插入',
  clickCentre: '在地图上点击圆心；可拖动',
  crowded: '此处顶点太多，放大地图后可逐个移动',
  lack: {
    name: '请填写名称。',
    corners: '至少需要三个顶点。',
    centre: '请选定圆心。',
    radius: '半径为 10 米至 200 公里。',
    place: '有坐标不正确。',
  },
}

export type DrawnMessages = typeof zh
export default zh
