/**
 * Maps in a real browser: the basemap with nothing but this host, its tiles under the reference reader, and maps of
 * others from services that answer as the real ones do.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { classifyRings, VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import { coloursIn, launch, openPage, signIn } from './browser.mjs'
import { archive, mapsFile, pixelOf, startMaps } from './maps.mjs'
import { signInCookie, startDemo } from './server.mjs'

const SLOW = { timeout: 60_000 }

/** Lends the page's own map to the test, as `window.__map`, and waits until it has drawn. */
async function holdMap(page) {
  await page.waitForFunction(
    () => {
      const find = (node) => {
        const exposed = node?.component?.exposed?.map
        if (exposed?.value?.getStyle) return exposed.value
        const below = [node?.component?.subTree, ...(Array.isArray(node?.children) ? node.children : [])]
        for (const child of below) {
          const found = child && typeof child === 'object' && find(child)
          if (found) return found
        }
      }
      window.__map = find(document.querySelector('#app')._vnode)
      return window.__map?.loaded()
    },
    null,
    SLOW,
  )
}

/** Moves the map and waits until it has drawn what is there. */
const look = (page, center, zoom) =>
  page.evaluate(
    ([at, z]) =>
      new Promise((done) => {
        window.__map.jumpTo({ center: at, zoom: z, padding: { top: 0, bottom: 0, left: 0, right: 0 } })
        window.__map.once('idle', done)
        window.__map.triggerRepaint()
      }),
    [center, zoom],
  )

/** The texts that are drawn, by layer. */
const drawnTexts = (page) =>
  page.evaluate(() => {
    const names = window.__map
      .getStyle()
      .layers.filter((l) => l.type === 'symbol' && l.source === 'base')
      .map((l) => l.id)
    const found = window.__map.queryRenderedFeatures({ layers: names })
    return found.map((f) => String(f.layer.layout['text-field']))
  })

/** The part of the map that no panel covers, as a picture: its average colour and where magenta lies in the mean. */
async function pictureOf(page, clip) {
  const data = (await page.screenshot({ clip, ...SLOW })).toString('base64')
  return page.evaluate(async (text) => {
    const image = new Image()
    image.src = `data:image/png;base64,${text}`
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), {
      width: image.width,
      height: image.height,
    })
    const pen = canvas.getContext('2d')
    pen.drawImage(image, 0, 0)
    const { data: px } = pen.getImageData(0, 0, image.width, image.height)
    const out = { mean: [0, 0, 0], x: 0, y: 0, n: 0 }
    for (let i = 0; i < px.length; i += 4) {
      for (const c of [0, 1, 2]) out.mean[c] += (px[i + c] / px.length) * 4
      if (px[i] > 1.4 * px[i + 1] + 20 && px[i + 2] > 1.4 * px[i + 1] + 20) {
        out.n++
        out.x += ((i / 4) % image.width) + 0.5
        out.y += Math.floor(i / 4 / image.width) + 0.5
      }
    }
    return { ...out, x: out.x / out.n, y: out.y / out.n }
  }, data)
}

test(
  'the basemap needs no other host and its tiles are as the reference reader wants them',
  { timeout: 300_000 },
  async () => {
    const server = await startDemo()
    const browser = await launch()
    try {
      const page = await openPage(browser)
      const elsewhere = []
      const tiles = new Set()
      await page.context().route('**', (route) => {
        const url = route.request().url()
        if (url.startsWith(server.url) || /^(data|blob):/.test(url)) {
          if (/\/api\/v1\/tiles\//.test(url)) tiles.add(url)
          return route.continue()
        }
        elsewhere.push(url)
        return route.abort()
      })
      await page.goto(`${server.url}/screen`)
      await signIn(page, 'wall01', server.password)
      await page.waitForSelector('.link-state .live', SLOW)
      await holdMap(page)
      const { bounds } = (await (await fetch(`${server.url}/api/v1/config`)).json()).basemap
      const centre = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
      for (const zoom of [9, 12, 15]) await look(page, centre, zoom)
      const names = await drawnTexts(page)
      assert.ok(names.filter((name) => /[\u4e00-\u9fff]/.test(name)).length > 3, `names drawn: ${names}`)
      assert.ok(tiles.size > 5, `${tiles.size} tiles were asked for`)
      assert.deepEqual(elsewhere, [], 'requests that leave the host')

      // The same tile again is not sent again.
      const cookie = await signInCookie(server.url, 'wall01', server.password)
      const ask = (url, headers = {}) => fetch(url, { headers: { Cookie: cookie, ...headers } })
      const read = []
      for (const url of tiles) {
        const first = await ask(url)
        const tag = first.headers.get('etag')
        assert.match(tag, /^"[0-9a-f]+"$/)
        assert.equal((await ask(url, { 'If-None-Match': tag })).status, 304)
        if (first.status === 200) read.push([url, new Uint8Array(await first.arrayBuffer())])
      }
      const shops = await shopTiles(server, centre)
      assert.ok(read.length > 5 && shops.length > 5)
      for (const [url, data] of [...read, ...shops]) checkTile(url, data)
      assert.deepEqual(page.faults, [])
    } finally {
      await browser.close()
      await server.stop()
    }
  },
)

/** The tiles of the register over a point, zooms 4 to 14. */
async function shopTiles(server, centre) {
  const cookie = await signInCookie(server.url, 'dispatcher01', server.password)
  const out = []
  for (let z = 4; z <= 14; z++) {
    const [x, y] = pixelOf(centre, 2 ** z).map(Math.floor)
    const url = `${server.url}/api/v1/retailers/tiles/${z}/${x}/${y}.mvt`
    const answer = await fetch(url, { headers: { Cookie: cookie } })
    if (answer.status === 200) out.push([url, new Uint8Array(await answer.arrayBuffer())])
  }
  return out
}

/** What the specification asks for, as far as the reference reader shows it. */
function checkTile(url, data) {
  const { layers } = new VectorTile(new PbfReader(data))
  const seen = Object.entries(layers)
  assert.ok(seen.length > 0, url)
  for (const [name, layer] of seen) {
    assert.deepEqual([layer.version, layer.extent, layer.name], [2, 4096, name], url)
    for (let i = 0; i < layer.length; i++) {
      const feature = layer.feature(i)
      const parts = feature.loadGeometry()
      assert.ok(
        feature.type >= 1 && feature.type <= 3 && parts.length > 0 && parts.every((p) => p.length > 0),
        url,
      )
      for (const value of Object.values(feature.properties)) {
        assert.ok(['string', 'number'].includes(typeof value) && value !== '', `${url}: ${name} ${value}`)
      }
      if (feature.type === 2)
        assert.ok(
          parts.every((line) => line.length > 1),
          url,
        )
      if (feature.type !== 3) continue
      for (const ring of parts) {
        const [first, last] = [ring[0], ring.at(-1)]
        assert.ok(
          ring.length >= 4 && first.x === last.x && first.y === last.y,
          `${url}: a ring of ${name} is open`,
        )
      }
      // Outer rings come first: the reader would take a hole for a polygon of its own otherwise.
      const area = (ring) =>
        ring.slice(1).reduce((sum, p, j) => sum + (p.x - ring[j].x) * (ring[j].y + p.y), 0)
      assert.ok(
        classifyRings(parts).every(([outer]) => area(outer) < 0),
        `${url}: ${name} runs the wrong way`,
      )
    }
  }
}

test('maps of others are chosen, lie right and stay when the line is cut', { timeout: 420_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jiujin-maps-'))
  const key = 'k-1&ö'
  const plain = await startDemo()
  const { bounds } = (await (await fetch(`${plain.url}/api/v1/config`)).json()).basemap
  await plain.stop()
  const centre = [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]
  const mark = [centre[0] + 0.0123, centre[1] - 0.0077]
  const others = await startMaps(mark, key)
  writeFileSync(join(dir, 'a.pmtiles'), archive(bounds))
  writeFileSync(join(dir, 'maps.toml'), mapsFile(others.url, key, join(dir, 'a.pmtiles')))
  const server = await startDemo('--maps', join(dir, 'maps.toml'))
  const browser = await launch()
  try {
    const page = await openPage(browser, { viewport: { width: 1600, height: 900 } })
    const elsewhere = []
    page.on(
      'request',
      (r) => /^https?:/.test(r.url()) && !r.url().startsWith(server.url) && elsewhere.push(r.url()),
    )
    await page.goto(`${server.url}/desk`)
    await signIn(page, 'dispatcher01', server.password)
    await page.waitForSelector('.link-state .live', SLOW)
    await holdMap(page)
    const choose = async (name) => {
      await page.locator('.map-choice select').selectOption({ label: name })
      await look(page, centre, 12)
    }
    const box = await page.locator('.map-element').boundingBox()
    const clip = { x: box.x + box.width / 2 - 200, y: box.y + box.height / 2 - 150, width: 400, height: 300 }
    const strongest = (mean) => mean.indexOf(Math.max(...mean))

    await choose('省图')
    assert.equal(strongest((await pictureOf(page, clip)).mean), 1, 'the province is not green')
    assert.match(await page.locator('.map-credit').innerText(), /GS\(2026\)xyz号[\s\S]*省图来源/)
    await page.reload()
    await page.waitForSelector('.link-state .live', SLOW)
    await holdMap(page)
    assert.equal(await page.locator('.map-choice select').inputValue(), 'xyz', 'the choice was not kept')

    // The big screen shows it as well, with its number and source.
    const wall = await page.context().newPage()
    await wall.goto(`${server.url}/screen`)
    await wall.waitForFunction(
      () => /GS\(2026\)xyz号[\s\S]*省图来源/.test(document.querySelector('.map-credit')?.textContent ?? ''),
      null,
      SLOW,
    )
    await wall.close()

    // A service that does not answer leaves the ground, and everything that lies on the map.
    await page.locator('.map-choice select').selectOption({ label: '断开的图' })
    await page.waitForResponse((r) => r.url().includes('/backdrops/away/') && r.status() === 502, SLOW)
    assert.equal(await page.locator('.map-failed').count(), 0)

    await choose('天地图')
    assert.equal(strongest((await pictureOf(page, clip)).mean), 2, 'Tianditu is not blue')
    assert.deepEqual(others.refused, [], 'Tianditu was asked in another way')

    // A place of WGS-84 in the map in GCJ-02, to a part of a pixel.
    await page.locator('.map-choice select').selectOption({ label: '高德' })
    for (const zoom of [13, 15, 17]) {
      await look(page, mark, zoom)
      const got = await pictureOf(page, clip)
      const want = await page.evaluate((at) => window.__map.project(at), mark)
      const off = Math.hypot(got.x + clip.x - box.x - want.x, got.y + clip.y - box.y - want.y)
      console.log(`AMap at zoom ${zoom}: ${off.toFixed(2)} pixels off, ${got.n} pixels of the mark`)
      assert.ok(got.n > 50 && off < 1, `zoom ${zoom}: the mark is ${off} pixels off (${got.n} pixels)`)
    }

    await choose('档案')
    assert.ok((await drawnTexts(page)).includes('档案镇'), 'the town of the archive has no name')
    await page.getByRole('button', { name: 'English' }).click()
    await look(page, centre, 12.1)
    const english = await drawnTexts(page)
    assert.ok(english.includes('Archive Town') && !english.includes('档案镇'), `names in English: ${english}`)
    await look(page, centre, 18) // six zooms below the archive's last
    const deep = await page.evaluate(() => window.__map.queryRenderedFeatures().map((f) => f.sourceLayer))
    assert.ok(deep.includes('water'), `beyond the last zoom: ${deep}`)
    await look(page, [bounds[2] + 3, bounds[3] + 3], 12) // where the archive has no tiles
    assert.equal(await page.locator('.map-failed').count(), 0)

    // Cut off, what was seen stays; a part never seen is ground, with its neighbours stretched.
    await choose('Basemap')
    const before = await coloursIn(page, clip)
    await page.context().setOffline(true)
    await page.evaluate(
      ([lon, lat]) => window.__map.jumpTo({ center: [lon + 0.002, lat], zoom: 12.4 }),
      centre,
    )
    const after = await coloursIn(page, clip)
    assert.ok(after > before / 3 && after > 4, `${after} colours after the cut, ${before} before`)
    await page.context().setOffline(false)
    assert.deepEqual(elsewhere, [], 'pages talk to other hosts')
    assert.deepEqual(
      page.faults.filter((text) => !/ERR_INTERNET_DISCONNECTED|Failed to fetch|AJAXError|502/.test(text)),
      [],
    )
  } finally {
    await browser.close()
    await server.stop()
    others.stop()
    rmSync(dir, { recursive: true, force: true })
  }
})
