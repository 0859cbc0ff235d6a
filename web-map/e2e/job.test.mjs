/**
 * The main job in a real browser: a report is taken in at the desk, the nearest unit's officer accepts it on the
 * phone, the big screen shows the unit drive there, and the reporter follows it. Pictures are kept in e2e/shots.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch, openPage, signIn } from './browser.mjs'
import { apiClient, startDemo, startVehicle } from './server.mjs'

const SHOTS = fileURLToPath(new URL('./shots/', import.meta.url))
const SLOW = { timeout: 60_000 }
const UNIT = 0 // index of the demo unit that drives in this test

let server
let browser
before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  server = await startDemo()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

/** Opens a surface signed in with the keyboard. */
async function surface(path, login, width, height, scale = 1) {
  const page = await openPage(browser, { viewport: { width, height }, deviceScaleFactor: scale })
  await page.goto(`${server.url}${path}`)
  await signIn(page, login, server.password)
  return page
}

const shot = (page, name) => page.screenshot({ path: `${SHOTS}${name}.png`, timeout: 90_000 })

test('a report reaches the nearest unit, and everybody sees it', { timeout: 300_000 }, async () => {
  const agent = await apiClient(server, 'agent01')
  const found = await agent.get('/retailers?lon=114.6&lat=29.9&limit=1')
  const shop = found.retailers[0]
  // The vehicle waits about 800 m west of the shop and comes nearer when the test says so.
  let away = 0.008
  const vehicle = startVehicle(server, UNIT, () => ({ lon: shop.lon - away, lat: shop.lat }))
  await vehicle.first
  const callSign = vehicle.device.call_sign
  const officer = server.credentials.users.find((u) => u.unit === callSign).login

  const screen = await surface('/screen', 'wall01', 1920, 1080)
  const phone = await surface('/officer', officer, 390, 844, 2)
  const desk = await surface('/desk', 'dispatcher01', 1600, 900)
  await desk.waitForSelector('.link-state .live', SLOW)
  await screen.waitForSelector('.link-state .live', SLOW)
  await phone.waitForSelector('.bar, .duty, main', SLOW)

  // Intake at the desk: counterfeit goods (urgent, so the engine offers by itself) at that shop.
  await desk.keyboard.press('n')
  await desk.keyboard.press('1')
  await desk.keyboard.press('3')
  await desk.waitForSelector('[role=combobox]:focus')
  await desk.keyboard.type(shop.licence_no)
  await desk.waitForSelector('#retailer-hits .licence', SLOW)
  await desk.keyboard.press('Enter')
  await desk.fill('#intake-words', '店里在卖假烟，柜台下面有好几条。')
  await desk.fill('.reporter input.phone', '13900001234')
  await desk.keyboard.press('Control+Enter')
  await desk.waitForSelector('.receipt .code', SLOW)
  const code = (await desk.locator('.receipt .code').innerText()).replaceAll(' ', '')
  const id = /ticket\/(\d+)/.exec(desk.url())[1]

  // The officer's phone.
  await phone.getByRole('button', { name: '接单' }).last().waitFor(SLOW)
  await shot(phone, 'officer-offer')
  await phone.getByRole('button', { name: '接单' }).last().click()
  await phone.getByRole('button', { name: '出发' }).click(SLOW)
  await phone.getByRole('button', { name: '我已到场' }).waitFor(SLOW)

  // The big screen: the row names the unit, and the distance falls as it drives.
  const row = screen.locator('.queue-row', { hasText: callSign })
  await row.filter({ hasText: '前往现场' }).waitFor(SLOW)
  const metres = async () => {
    const text = (await row.innerText()).match(/([\d.]+)\s*(km|m)\b/)
    return text ? Number(text[1]) * (text[2] === 'km' ? 1000 : 1) : NaN
  }
  const far = await metres()
  assert.ok(far > 700, `the screen says ${far} m, the unit is some 770 m away through the air`)
  await shot(screen, 'screen-en-route')
  await shot(desk, 'desk-en-route')
  for (let step = 0; step < 12 && away > 0.002; step++) {
    away -= 0.001
    const target = await agent.get(`/tickets/${id}`)
    assert.equal(target.status, 'en_route')
    await screen.waitForFunction(
      ([sign, limit]) => {
        const line = [...document.querySelectorAll('.queue-row')].find((r) => r.innerText.includes(sign))
        const text = line?.innerText.match(/([\d.]+)\s*(km|m)\b/)
        return text && Number(text[1]) * (text[2] === 'km' ? 1000 : 1) < limit
      },
      [callSign, far - step * 40],
      SLOW,
    )
  }
  assert.ok((await metres()) < far - 300, 'the unit came nearer on the screen')

  // Arrived, finished, closed, on the phone.
  away = 0
  await phone.getByRole('button', { name: '我已到场' }).click()
  const sure = phone.locator('dialog[open] button[type=submit], .sheet button.big').last()
  const finish = phone.getByRole('button', { name: /完成现场|现场完成/ })
  await Promise.race([finish.waitFor(SLOW), sure.waitFor(SLOW)])
  if (!(await finish.isVisible())) await sure.click()
  await finish.waitFor(SLOW)
  await screen.locator('.queue-row', { hasText: '现场处置' }).waitFor(SLOW)
  await shot(screen, 'screen-on-scene')
  await shot(phone, 'officer-on-scene')

  // The reporter, with number and code.
  const { number } = await agent.get(`/tickets/${id}`)
  const reporter = await openPage(browser, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 })
  await reporter.goto(`${server.url}/p`)
  const inputs = reporter.locator('form input')
  await inputs.nth(0).fill(number)
  await inputs.nth(1).fill(code)
  await reporter.keyboard.press('Enter')
  await reporter.getByText('现场核查', { exact: false }).first().waitFor(SLOW)
  const seen = await reporter.locator('body').innerText()
  for (const secret of [shop.name, shop.address, '13900001234', callSign]) {
    assert.ok(!seen.includes(secret), `the public page shows ${secret}`)
  }
  await shot(reporter, 'public-progress')

  vehicle.stop()
  for (const page of [screen, phone, desk, reporter]) assert.deepEqual(page.faults, [])
})
