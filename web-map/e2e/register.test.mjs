/**
 * The register of retailers in a real browser: a list is looked at, tried, mended and taken in; one that is cut off is
 * held, refused and confirmed; the record of a shop tells what changed; the register goes out as a file.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { axeFaults, launch, openPage, signIn } from './browser.mjs'
import { startDemo } from './server.mjs'

const SLOW = { timeout: 30_000 }

/** A list of licences; every heading but that of the name is known. */
function list(count, name, extra = '') {
  const rows = Array.from(
    { length: count },
    (_, i) => `4211821${String(i).padStart(5, '0')},${name}${i},人民路${i}号`,
  )
  return `证号,招牌,经营地址\n${rows.join('\n')}\n${extra}`
}

test('lists of retailers come in, are held and confirmed, and go out', { timeout: 300_000 }, async () => {
  const server = await startDemo()
  const browser = await launch()
  try {
    const page = await openPage(browser, { viewport: { width: 1366, height: 768 } })
    await page.goto(`${server.url}/desk/admin/retailers`)
    await signIn(page, 'admin', server.password)
    const tab = (name) => page.getByRole('button', { name, exact: true })
    const choose = async (name, text) => {
      await page.setInputFiles('input[type=file]', { name, mimeType: 'text/csv', buffer: Buffer.from(text) })
      await page.waitForSelector('th select', SLOW)
    }
    const refusedFile = async () => {
      const saved = page.waitForEvent('download')
      await page.getByRole('link', { name: '下载被拒绝的行' }).click()
      return readFileSync(await (await saved).path(), 'utf8')
    }
    const counts = () => page.locator('.outcome dd').allInnerTexts() // had, new, back, changed, unchanged, missing, refused

    // A column that is not known is chosen, and the list tried: nothing is stored.
    await page.waitForSelector('input[type=file]', SLOW)
    await choose('first.csv', list(300, '红塔烟酒店', '42118210000,短号店,x\n421182100000,又一家,y\n'))
    assert.match(await page.locator('.part .fault').innerText(), /店名/)
    await page.getByLabel('招牌').selectOption({ label: '店名' })
    assert.equal(await page.locator('.part .fault').count(), 0)
    assert.deepEqual(await axeFaults(page), [])
    await page.fill('input[aria-describedby=source-hint]', 'county')
    await page.getByRole('button', { name: '检查' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('.outcome', SLOW)
    assert.deepEqual(await counts(), ['0', '300', '0', '0', '0', '0', '2'])
    assert.match(await page.locator('table').innerText(), /302.*许可证号应为 12 位数字[\s\S]*303.*第 2 行/)
    assert.deepEqual(await axeFaults(page), [])

    // It is taken in; the refused rows come back as a list, which is mended and taken in as well.
    await page.locator('form.add input[type=checkbox]').uncheck()
    await page.getByRole('button', { name: '导入', exact: true }).last().click()
    await page.waitForFunction(
      () => document.querySelector('.outcome') && !document.querySelector('progress'),
      null,
      SLOW,
    )
    assert.deepEqual(await counts(), ['0', '300', '0', '0', '0', '0', '2'])
    const refused = await refusedFile()
    assert.match(refused, /许可证号应为 12 位数字/)
    const mended = refused
      .replace(',42118210000,', ',421182100300,')
      .replace(',421182100000,', ',421182100301,')
    await choose('mended.csv', mended)
    await page.getByLabel('招牌').selectOption({ label: '店名' })
    await page.fill('input[aria-describedby=source-hint]', '')
    await page.getByRole('button', { name: '导入', exact: true }).last().click()
    await page.waitForSelector('.outcome', SLOW)
    assert.deepEqual((await counts()).slice(1), ['2', '0', '0', '0', '0', '0'])

    // A list that was cut off is held: it is refused once, and confirmed the second time.
    for (const [answer, state] of [
      ['放弃', '已放弃'],
      ['确认执行', '完成'],
    ]) {
      await tab('导入').first().click()
      await choose('cut.csv', list(100, '福兴商行'))
      await page.getByLabel('招牌').selectOption({ label: '店名' })
      await page.fill('input[aria-describedby=source-hint]', 'county')
      await page.locator('form.add input[type=checkbox]').uncheck()
      await page.getByRole('button', { name: '导入', exact: true }).last().click()
      await page.waitForSelector('.outcome .held', SLOW)
      assert.match(await page.locator('.outcome .held').innerText(), /少 200 户/)
      assert.deepEqual(await axeFaults(page), [])
      await page.getByRole('button', { name: answer }).focus()
      await page.keyboard.press('Enter')
      await page.waitForFunction(
        (want) => document.querySelector('tbody tr td:nth-child(4)')?.textContent === want,
        state,
        SLOW,
      )
    }
    assert.match(
      await page.locator('tbody tr').first().innerText(),
      /cut\.csv\s+county\s+完成\s+100\s+0\s+100\s+200\s+0/,
    )

    // The record of a shop tells what became of it.
    await tab('户档案').click()
    await page.getByLabel('许可证号').fill('421182100005')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.record ol li', SLOW)
    assert.match(await page.locator('.record ol').innerText(), /店名: 红塔烟酒店5 → 福兴商行5/)
    assert.deepEqual(await axeFaults(page), [])

    await tab('导出').click()
    await page.getByLabel('名单名称').fill('county')
    const saved = page.waitForEvent('download')
    await page.getByRole('link', { name: '下载' }).click()
    const out = readFileSync(await (await saved).path(), 'utf8')
    assert.equal(out.trim().split('\n').length, 101)
    assert.match(out, /421182100005,福兴商行5/)
    assert.deepEqual(await axeFaults(page), [])

    // The connection is cut in the middle: the page says so, and goes on when it is back.
    await tab('导入').first().click()
    await choose('back.csv', list(3000, '隆华超市'))
    await page.getByLabel('招牌').selectOption({ label: '店名' })
    await page.locator('form.add input[type=checkbox]').uncheck()
    await page.route('**/api/v1/retailers/deliveries/*', (route) => route.abort())
    await page.getByRole('button', { name: '导入', exact: true }).last().click()
    await page.getByText('连接中断').waitFor(SLOW)
    await page.unroute('**/api/v1/retailers/deliveries/*')
    await page.waitForSelector('.outcome', SLOW)
    assert.equal((await counts())[1], '2,698')
    assert.deepEqual(
      page.faults.filter((text) => !/ERR_FAILED/.test(text)),
      [],
    )
  } finally {
    await browser.close()
    await server.stop()
  }
})
