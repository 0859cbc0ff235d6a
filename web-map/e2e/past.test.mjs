/**
 * The pages that look after devices and look back, in a real browser against a demo server of its own.
 *
 * A vehicle drives; the administrator looks at its device, fences its place and plays its way back.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axeFaults, launch, openPage, signIn } from './browser.mjs'
import { startDemo, startVehicle } from './server.mjs'

const SLOW = { timeout: 30_000 }

test('a device is looked after, its place fenced and its way played back', { timeout: 120_000 }, async () => {
  const server = await startDemo()
  const { url, password } = server
  const browser = await launch()
  let step = 0
  const vehicle = startVehicle(server, 1, () => ({ lon: 114.6 + step++ * 1e-4, lat: 29.9 }))
  try {
    await vehicle.first
    const page = await openPage(browser, { viewport: { width: 1200, height: 750 } })
    await page.goto(`${url}/desk/admin/devices`)
    await signIn(page, 'admin', password)
    await page.waitForSelector('.table tbody tr', SLOW)
    await page.selectOption('select >> nth=1', 'good')
    await page.locator('.table tbody a').first().click(SLOW)
    await page.waitForSelector('pre', SLOW)
    assert.match(await page.locator('pre').first().innerText(), /114\.6/)
    assert.deepEqual(await axeFaults(page), [])

    await page.goto(`${url}/desk/admin/fences`)
    await page.getByRole('button', { name: '画圆' }).click(SLOW)
    await page.locator('.fields input').first().fill('车站')
    await page.waitForSelector('.draw-map canvas', SLOW)
    await page.getByRole('button', { name: '以地图中心为圆心' }).click()
    await page.locator('.fields [type=submit]').click()
    await page.waitForSelector('.fences li .name', SLOW)
    assert.deepEqual(await axeFaults(page), [])

    await page.goto(`${url}/desk/playback`)
    await page.waitForSelector('.choices label', SLOW)
    await page.fill('.choices >> xpath=preceding-sibling::input', vehicle.device.call_sign)
    await page.locator('.choices input').first().check()
    await page.waitForSelector('.track .files a', SLOW)
    const moment = page.locator('.time-bar output')
    const end = await moment.innerText()
    await page.locator('input[type=range]').focus()
    await page.keyboard.press('ArrowLeft')
    assert.notEqual(await moment.innerText(), end)
    assert.deepEqual(await axeFaults(page), [])
    assert.deepEqual(page.faults, [])
  } finally {
    vehicle.stop()
    await browser.close()
    await server.stop()
  }
})
