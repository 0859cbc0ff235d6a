/** Words of the page of the fences. */
const zh = {
  name: '名称',
  radius: '半径（米）',
  dwell: '停留提醒（分钟，0 为不提醒）',
  plain: '按原始定位判断',
  plainHint: '每个定位点直接计入，不考虑精度，也不等待确认',
  plainShort: '按原始定位',
  newPolygon: '画多边形',
  newCircle: '画圆',
  none: '还没有围栏。',
  retire: '停用',
  circleOf: '圆，半径 {r}',
  cornersOf: '{n} 边形',
  dwellOf: '停留 {n} 分钟提醒',
  events: '{fence}：进出记录',
  day: '日期',
  at: '时间',
  what: '事件',
  kind: { enter: '进入', exit: '离开', dwell: '停留超时' },
  noEvents: '这一天没有记录。',
  more: '更多',
}

export type FencesMessages = typeof zh
export default zh
