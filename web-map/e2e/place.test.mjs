/**
 * A place that nobody can find, through the very binary: the desk asks what the caller means, chooses the wrong shop, the
 * officer on scene says which it is without a network, and the next caller with the same words is understood.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axeFaults, launch, openPage, signIn } from './browser.mjs'
import { apiClient, startDemo, startVehicle } from './server.mjs'

const SLOW = { timeout: 60_000 }
const WORDS = '城关街道顺发超市'

/** Asks until the answer is as wanted; the test's time limit ends it. */
async function until(ask, wanted) {
  for (;;) {
    const answer = await ask()
    if (wanted(answer)) return answer
  }
}

test('the officer corrects the place, and its words are learned', { timeout: 300_000 }, async () => {
  const server = await startDemo()
  const browser = await launch()
  let vehicle
  try {
    const agent = await apiClient(server, 'agent01')
    const ask = () => agent.post('/resolve', { text: WORDS })
    const asked = await until(ask, (a) => a.candidates.length > 1) // the register is read after the start
    assert.equal(asked.sure, false)
    const [right, wrong] = asked.candidates
    vehicle = startVehicle(server, 0, () => ({ lon: wrong.lon - 0.004, lat: wrong.lat }))
    await vehicle.first
    const officer = server.credentials.users.find((u) => u.unit === vehicle.device.call_sign).login

    // The desk, with the keyboard alone: the words, the question, the second of the list.
    const desk = await openPage(browser, { viewport: { width: 1366, height: 768 } })
    await desk.goto(`${server.url}/desk`)
    await signIn(desk, 'dispatcher01', server.password)
    await desk.waitForSelector('.link-state .live', SLOW)
    const takeIn = async () => {
      await desk.keyboard.press('n')
      await desk.keyboard.press('1')
      await desk.keyboard.press('3')
      await desk.waitForSelector('[role=combobox]:focus')
      await desk.keyboard.type(WORDS)
      await desk.waitForSelector('#retailer-hits .why', SLOW)
    }
    await takeIn()
    await desk.waitForSelector('.verdict .question', SLOW)
    assert.match(await desk.locator('.verdict').innerText(), new RegExp(asked.question.zh.replace('？', '')))
    assert.deepEqual(await axeFaults(desk), [])
    await desk.keyboard.press('ArrowDown')
    await desk.keyboard.press('ArrowDown')
    await desk.keyboard.press('Enter')
    assert.equal(await desk.locator('.chosen b').innerText(), wrong.name)
    await desk.focus('#intake-words')
    await desk.keyboard.type('店里在卖假烟，柜台下面有好几条。')
    await desk.fill('.reporter input.phone', '13900001234')
    await desk.keyboard.press('Control+Enter')
    await desk.waitForSelector('.receipt .code', SLOW)
    const id = Number(/ticket\/(\d+)/.exec(desk.url())[1])
    const ticketNow = () => agent.get(`/tickets/${id}`)

    // The officer takes it, goes there, and the network is gone.
    const phone = await openPage(browser, {
      viewport: { width: 390, height: 844 },
      permissions: ['geolocation'],
      geolocation: { longitude: right.lon + 0.0002, latitude: right.lat, accuracy: 12 },
    })
    await phone.goto(`${server.url}/officer`)
    await signIn(phone, officer, server.password)
    const kept = phone.waitForResponse((r) => /\/retailers\?.*limit=100/.test(r.url()) && r.ok(), SLOW)
    await phone.getByRole('button', { name: '接单' }).last().click(SLOW)
    await kept
    await phone.getByRole('button', { name: '出发' }).click(SLOW)
    await phone.getByRole('button', { name: '我已到场' }).click(SLOW)
    await phone.getByRole('button', { name: '确认已到场' }).click(SLOW)
    const correct = phone.getByRole('button', { name: '更正地点' })
    await correct.waitFor(SLOW)
    await phone.locator('.page').getByText(wrong.name).first().waitFor(SLOW)
    await until(ticketNow, (t) => t.status === 'on_scene')
    await phone.context().setOffline(true)
    await correct.click()
    assert.deepEqual(await axeFaults(phone), [])
    await phone.getByRole('button', { name: '更换' }).click()
    await phone.getByLabel('店名、地址、拼音或许可证号').fill(right.name)
    await phone.getByText('连不上登记册').waitFor(SLOW)
    await phone.keyboard.press('Enter') // the keyboard's search key sends nothing
    assert.equal(await phone.getByRole('button', { name: '确认更正' }).isDisabled(), true)
    await phone.locator('dialog li button', { hasText: right.name }).first().click()
    await phone.getByLabel(/我现在的位置/).check(SLOW)
    await phone.getByRole('button', { name: '确认更正' }).click()
    await phone.locator('.page h2', { hasText: right.name }).waitFor(SLOW)
    await phone.getByText('条待上传').first().waitFor(SLOW)
    assert.equal((await ticketNow()).retailer.licence_no, wrong.licence_no)
    await phone.context().setOffline(false)
    await desk.locator('.timeline li', { hasText: '现场核实并更正地点' }).waitFor(SLOW)
    const line = await desk.locator('.timeline li', { hasText: '现场核实并更正地点' }).innerText()
    assert.match(line, new RegExp(right.name))
    assert.match(await desk.locator('.case h2').innerText(), new RegExp(right.name))
    const moved = await ticketNow()
    assert.equal(moved.place_text, WORDS)
    assert.ok(Math.abs(moved.lon - right.lon - 0.0002) < 1e-5, 'the ticket is where the officer stands')

    // The rest of the case; a correction that comes too late is told.
    await phone.getByRole('button', { name: '完成现场' }).click(SLOW)
    await phone.locator('dialog .option').first().click()
    await phone.locator('dialog [type=submit]').click()
    await phone.locator('textarea').fill('现场查获假烟两条。')
    await phone.getByRole('button', { name: '办结' }).last().click()
    await until(ticketNow, (t) => t.status === 'closed')

    // The next caller says the same, and the dossier knows of the first.
    await until(ask, ({ candidates: [first] }) => first.name === right.name && first.score > right.score)
    await takeIn()
    await desk.locator('#retailer-hits li').first().getByText(right.name).waitFor(SLOW)
    if ((await desk.locator('.verdict .sure').count()) === 0) await desk.keyboard.press('ArrowDown')
    await desk.keyboard.press('Enter')
    assert.equal(await desk.locator('.chosen b').innerText(), right.name)
    const dossier = desk.locator('.intake .dossier')
    await dossier.getByText('共 1 件').waitFor(SLOW)
    assert.match(await dossier.innerText(), /可能重复/)
    await desk.focus('#intake-words')
    await desk.keyboard.type('还是那家，又在卖假烟。')
    await desk.fill('.reporter input.phone', '13900001234')
    await desk.keyboard.press('Control+Enter')
    await desk.waitForSelector('.receipt .code', SLOW)
    await desk.locator('.case .dossier').getByText('共 1 件').waitFor(SLOW)
    assert.deepEqual(await axeFaults(desk), [])
    await desk.getByRole('button', { name: 'English' }).click()
    await desk.waitForSelector('html[lang=en]', { state: 'attached' })
    assert.deepEqual(await axeFaults(desk), [])
    assert.deepEqual(desk.faults, [])
    assert.deepEqual(
      phone.faults.filter((fault) => !/ERR_INTERNET_DISCONNECTED/.test(fault)),
      [],
    )
  } finally {
    vehicle?.stop()
    await browser.close()
    await server.stop()
  }
})
