/**
 * The big screen in a real browser against a demo server of its own.
 *
 * It signs in with the keyboard, checks that the map is drawn, that figures and queue agree, that both languages
 * work and that the page breaks no accessibility rule.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axeFaults, coloursIn, launch, openPage, signIn } from './browser.mjs'
import { startDemo } from './server.mjs'

test('the big screen draws its map and agrees with its figures', { timeout: 300_000 }, async () => {
  const server = await startDemo()
  const { url, password } = server
  const browser = await launch()
  try {
    const page = await openPage(browser)
    let tiles = 0
    page.on(
      'response',
      (answer) => (tiles += /\/tiles\//.test(answer.url()) && answer.status() === 200 ? 1 : 0),
    )
    await page.goto(`${url}/screen`)
    await page.waitForURL('**/login?next=/screen')
    await signIn(page, 'wall01', password)
    await page.waitForURL('**/screen')
    await page.waitForSelector('.link-state .live', { timeout: 30_000 })
    await page.waitForSelector('.queue-row, .nothing svg', { timeout: 30_000 })

    await page.waitForFunction(() => document.querySelector('.map-element canvas'), null, { timeout: 60_000 })
    // Between the panels, where no shade of the page covers the map.
    const ground = { x: 620, y: 370, width: 740, height: 480 }
    let colours = 0
    for (const end = Date.now() + 90_000; colours < 12 && Date.now() < end;) {
      colours = await coloursIn(page, ground)
    }
    assert.ok(colours >= 12, `the map shows ${colours} colours only: nothing is drawn`)
    assert.ok(tiles > 0, 'no map tile was served')

    const figure = async (name) =>
      Number(await page.locator('dl > div', { hasText: name }).locator('dd').innerText())
    const open = (await figure('待派单')) + (await figure('处置中'))
    const rows = await page.locator('.queue-row').count()
    const more = Number((await page.locator('.more').allInnerTexts()).join('').match(/\d+/)?.[0] ?? 0)
    assert.equal(rows + more, open, 'the figures and the queue disagree')

    await page.getByRole('button', { name: 'English' }).click()
    await page.waitForSelector('html[lang=en]', { state: 'attached' })
    assert.match(await page.locator('.queue h2').innerText(), /Ticket queue/)
    const chinese = await page.locator('dt, h2').allInnerTexts()
    assert.deepEqual(
      chinese.filter((text) => /[\u4e00-\u9fff]/.test(text)),
      [],
      'words left in Chinese',
    )

    assert.deepEqual(await axeFaults(page), [])
    assert.deepEqual(page.faults, [])
  } finally {
    await browser.close()
    await server.stop()
  }
})
