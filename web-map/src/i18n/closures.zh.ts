/** Words of closed roads on the desk's map. */
const zh = {
  title: '道路封闭',
  draw: '画封闭线',
  drawHint: '在地图上依次点击：横穿道路画一条线，或围出一个区域',
  points: '已画 {n} 点',
  area: '封闭整个区域',
  reason: '原因',
  reasonHint: '如：道路施工',
  hours: '时长（小时，留空为直到解除）',
  save: '封闭',
  back: '退一点',
  cancel: '取消',
  lift: '解除',
  undo: '撤销解除',
  lifted: '已解除：{reason}',
  none: '目前没有封闭的道路。',
  until: '至 {time}',
  open: '直到解除',
  roads: '{n} 段道路',
  noRoads: '没有碰到任何道路',
  failed: '未能保存：{why}',
}
export default zh
export type ClosureTexts = typeof zh
