/**
 * Roads in a real browser, on a piece of real Chengdu: the way of the unit is drawn at the desk and on the big screen; a
 * dispatcher closes the road it would take, and way and arrival change; lifted, they are as before.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { axeFaults, launch, openPage, signIn } from './browser.mjs'
import { apiClient, importOSM, startDemo, startVehicle } from './server.mjs'

const SHOTS = fileURLToPath(new URL('./shots/', import.meta.url))
const SLOW = { timeout: 60_000 }
const UNIT = { lon: 104.0555, lat: 30.657 }
const CASE = { lon: 104.0795, lat: 30.6575 }

/** Whether two line segments cross. */
function cross([a, b], [c, d]) {
  const side = (p, q, r) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b)
}
const legs = (line) => line.slice(1).map((to, i) => [line[i], to])
const meets = (one, other) => legs(one).some((a) => legs(other).some((b) => cross(a, b)))

test('a closed road changes the way of the unit and its arrival', { timeout: 300_000 }, async () => {
  mkdirSync(SHOTS, { recursive: true })
  const server = await startDemo()
  const browser = await launch()
  let step = 0 // a vehicle that drives and yet stays where it was to the metre would be doubted
  const vehicle = startVehicle(server, 0, () => ({ ...UNIT, lon: UNIT.lon + (step++ % 2) * 3e-5 }))
  try {
    await importOSM(server, 'chengdu-centre.osm.pbf', '成都中心')
    await vehicle.first
    const callSign = vehicle.device.call_sign
    const officer = server.credentials.users.find((u) => u.unit === callSign).login
    const [agent, driver] = [await apiClient(server, 'agent01'), await apiClient(server, officer)]
    const { ticket } = await agent.post('/tickets', {
      channel: 'phone',
      kind: 'report',
      subtype: 'R03',
      narrative: '店里在卖假烟',
      place_text: '市中心路口',
      lon: CASE.lon,
      lat: CASE.lat,
      reporter: { mode: 'anonymous' },
    })

    const open = async (path, login, width, height) => {
      const page = await openPage(browser, { viewport: { width, height } })
      await page.goto(`${server.url}${path}`)
      await signIn(page, login, server.password)
      await page.waitForSelector('.link-state .live', SLOW)
      return page
    }
    const desk = await open(`/desk/ticket/${ticket.id}`, 'dispatcher01', 1600, 900)
    /** The next way that a page is told and that fits; it asks again every 15 s, and the server finds new roads in 20 s. */
    const way = async (page, fits = () => true) => {
      const mine = (r) => r.url().endsWith(`/tickets/${ticket.id}/route`) && r.ok()
      const answer = await page.waitForResponse(async (r) => mine(r) && fits(await r.json()), SLOW)
      return answer.json()
    }
    await desk.waitForSelector('.unit-state', SLOW)
    const offered = await agent.get(`/tickets/${ticket.id}`)
    await driver.post(`/offers/${offered.offer.id}/accept`)
    const accepted = await agent.get(`/tickets/${ticket.id}`)
    await driver.post(`/tickets/${ticket.id}/actions/depart`, { version: accepted.version })
    const free = await way(desk, (w) => w.eta_basis === 'road')
    assert.ok(free.line.length > 5, 'the way follows streets')

    // The big screen asks for the way too, and draws it.
    const screen = await open('/screen', 'wall01', 1920, 1080)
    const km = (w) => `${(w.distance_m / 1000).toFixed(1)} km`
    const told = (page, row, w) =>
      page
        .locator(row, { hasText: km(w) })
        .first()
        .waitFor(SLOW)
    assert.equal(km(await way(screen)), km(free))
    await Promise.all([told(desk, '.unit-state', free), told(screen, '.queue-row', free)])
    await desk.screenshot({ path: `${SHOTS}desk-way.png`, timeout: 90_000 })
    await screen.screenshot({ path: `${SHOTS}screen-way.png`, timeout: 90_000 })

    // A line across the map, west of the case.
    await desk.getByRole('button', { name: '道路封闭' }).click()
    await desk.getByRole('button', { name: '画封闭线' }).click()
    const map = await desk.locator('.desk-map').boundingBox()
    const [across, top, bottom] = [
      map.x + map.width * 0.3,
      map.y + map.height * 0.12,
      map.y + map.height * 0.85,
    ]
    await desk.mouse.click(across, top)
    await desk.mouse.click(across, bottom)
    await desk.locator('.closures form input[maxlength]').fill('道路塌陷')
    await desk.locator('.closures form input[type=number]').fill('3')
    assert.deepEqual(await axeFaults(desk), [])
    await desk.screenshot({ path: `${SHOTS}desk-closing.png`, timeout: 90_000 })
    await desk.locator('.closures form').getByRole('button').first().click()
    const item = desk.locator('.closures li', { hasText: '道路塌陷' })
    await item.waitFor(SLOW)
    const { closures } = await agent.get('/roads/closures')
    assert.equal(closures.length, 1)
    assert.ok(closures[0].roads.length > 0 && meets(free.line, closures[0].points), 'it lies across the way')

    const longer = (w) => w.distance_m > free.distance_m + 10
    const [round] = await Promise.all([way(desk, longer), way(screen, longer)])
    assert.equal(round.eta_basis, 'road')
    assert.ok(round.eta_s > free.eta_s, `${round.eta_s} s round it, ${free.eta_s} s before`)
    assert.ok(!meets(round.line, closures[0].points), 'the way leads round the closure')
    assert.notEqual(km(round), km(free))
    await Promise.all([told(desk, '.unit-state', round), told(screen, '.queue-row', round)])
    await desk.screenshot({ path: `${SHOTS}desk-way-round.png`, timeout: 90_000 })
    await screen.screenshot({ path: `${SHOTS}screen-way-round.png`, timeout: 90_000 })

    await item.getByRole('button').click()
    await item.waitFor({ state: 'detached', ...SLOW })
    const again = await way(desk, (w) => !longer(w))
    assert.equal(km(again), km(free))
    for (const page of [desk, screen]) assert.deepEqual(page.faults, [])
  } finally {
    vehicle.stop()
    await browser.close()
    await server.stop()
  }
})
