/** Words of the page of the areas. */
const zh = {
  name: '名称',
  squad: '责任中队',
  from: '生效日期（空为一直有效）',
  to: '失效日期（空为长期）',
  new: '画辖区',
  none: '还没有中队辖区。',
  edit: '修改',
  retire: '停用',
  retireAsk: '再按一次停用',
  since: '自 {day}',
  until: '至 {day} 前',
  parts: '{n} 块，由文件导入；形状请重新导入来修改',
  lackOrg: '请选择责任中队。',
  lackDays: '失效日期应晚于生效日期。',
  importTitle: '导入 GeoJSON',
  kind: '内容',
  kinds: { squad: '中队辖区（属性 name、org）', division: '行政区划（属性 name、adcode）' },
  validFrom: '文件自何日起有效',
  file: '文件',
  dryRun: '只检查，不保存',
  importNow: '导入',
  report:
    '共 {features} 个：新增 {added}，替换 {replaced}，未变 {unchanged}，修复自相交 {mended}，未接受 {refused}。',
  checked: '只做了检查，没有保存。',
  problem: '第 {n} 个 {name}：{why}',
}

export type AreasMessages = typeof zh
export default zh
