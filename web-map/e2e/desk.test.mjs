/**
 * The dispatcher's desk in a real browser against a demo server of its own.
 *
 * A demand is taken in with the keyboard alone, found in the queue, offered to a unit and cancelled again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axeFaults, launch, openPage, signIn } from './browser.mjs'
import { startDemo } from './server.mjs'

const PHONE = '13900001234'
const SLOW = { timeout: 30_000 }

test('a demand is taken in, offered and cancelled with the keyboard', { timeout: 300_000 }, async () => {
  const server = await startDemo()
  const { url, password } = server
  const browser = await launch()
  try {
    const page = await openPage(browser, { viewport: { width: 1600, height: 900 } })
    await page.goto(`${url}/desk`)
    await signIn(page, 'dispatcher01', password)
    await page.waitForSelector('.link-state .live', SLOW)

    // N, a report, its first subtype, then the retailer by typing and Enter.
    await page.keyboard.press('n')
    await page.keyboard.press('1')
    await page.keyboard.press('1')
    await page.waitForSelector('[role=combobox]:focus')
    await page.keyboard.type('烟酒')
    await page.waitForSelector('#retailer-hits .licence', SLOW)
    assert.equal(await page.locator('#retailer-hits mark').first().innerText(), '烟酒')
    await page.keyboard.press('Enter')
    const shop = await page.locator('.chosen b').innerText()
    await page.fill('#intake-words', '柜台里有多条无标卷烟。')
    await page.fill('.reporter input.phone', PHONE)
    await page.fill('.reporter input.name', '王女士')
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))
    assert.match(kept, /无标卷烟/)
    assert.doesNotMatch(kept, new RegExp(`${PHONE}|王女士`), 'the contact of the reporter was stored')

    await page.keyboard.press('Control+Enter')
    await page.waitForSelector('.receipt .code', SLOW)
    assert.match((await page.locator('.receipt .code').innerText()).replaceAll(' ', ''), /^[0-9A-Z]{8}$/)
    const id = /ticket\/(\d+)/.exec(page.url())?.[1]
    await page.waitForSelector(`#queue-${id}[aria-selected=true]`, SLOW)
    assert.match(await page.locator(`#queue-${id}`).innerText(), new RegExp(shop.slice(0, 4)))

    // Without a running fleet no unit has a position; then one is sent in spite of that, with a reason.
    await page.waitForSelector('.candidate .why', SLOW)
    await page.locator('.candidate button').first().focus()
    await page.keyboard.press('Enter')
    const override = page.locator('dialog[open] .usual button')
    await page.waitForFunction(
      () => document.querySelector('dialog[open]') ?? !document.querySelector('.status.to_dispatch'),
      null,
      SLOW,
    )
    if ((await override.count()) > 0) {
      await override.first().click()
      await page.locator('dialog[open] [type=submit]').click()
    }
    await page.waitForSelector('.unit-state', SLOW)

    await page.getByRole('button', { name: '撤销案件' }).click()
    await page.getByRole('button', { name: '误操作' }).click()
    await page.locator('dialog[open] [type=submit]').click()
    await page.waitForSelector('.case .status.cancelled', SLOW)
    await page.waitForSelector(`#queue-${id}`, { state: 'detached', ...SLOW })

    await page.keyboard.press('Control+k')
    await page.keyboard.type('单元')
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog[open] .table tbody tr', SLOW)
    assert.deepEqual(await axeFaults(page), [])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'English' }).click()
    await page.waitForSelector('html[lang=en]', { state: 'attached' })
    assert.deepEqual(await axeFaults(page), [])
    assert.deepEqual(page.faults, [])
  } finally {
    await browser.close()
    await server.stop()
  }
})
