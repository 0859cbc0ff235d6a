/** The page of the areas in a real browser: a squad's area is drawn, changed, ended and brought in from a file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axeFaults, launch, openPage, signIn } from './browser.mjs'
import { apiClient, startDemo } from './server.mjs'

const SLOW = { timeout: 30_000 }

const feature = (properties, west, south, side) => ({
  type: 'Feature',
  properties,
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [west, south],
        [west + side, south],
        [west + side, south + side],
        [west, south + side],
        [west, south],
      ],
    ],
  },
})

test(
  'areas are drawn, changed, ended, imported and held against the divisions',
  { timeout: 240_000 },
  async () => {
    const server = await startDemo()
    const browser = await launch()
    try {
      const admin = await apiClient(server, 'admin')
      const squads = (await admin.get('/orgs')).orgs.filter((o) => o.level === 'squad')
      const areas = async () => (await admin.get('/areas')).areas
      const before = await areas()
      assert.equal(before.length, squads.length, 'each squad of the demo has its area')

      const page = await openPage(browser, { viewport: { width: 1366, height: 768 } })
      await page.goto(`${server.url}/desk/admin/areas`)
      await signIn(page, 'admin', server.password)
      const rows = page.locator('.areas li .name')
      await rows.first().waitFor(SLOW)
      assert.equal(await rows.count(), before.length)
      assert.deepEqual(await axeFaults(page), [])

      // Nothing is left over and nothing twice in the demo.
      const coverage = page.locator('details', { hasText: '检查空白与重叠' })
      await coverage.locator('summary').click()
      await coverage.locator('select').selectOption({ index: 1 })
      await coverage.getByRole('button', { name: '检查' }).click()
      await coverage.getByText('没有空白，也没有重叠').waitFor(SLOW)

      // Drawn with the mouse: four corners, one of them dragged, and the drag taken back.
      await page.getByRole('button', { name: '画辖区' }).click()
      await page.locator('.fields input').first().fill('夜市专管')
      await page.locator('.fields select').first().selectOption(String(squads[1].id))
      const box = await page.locator('.draw-map canvas').boundingBox()
      const at = (x, y) => ({ x: box.x + box.width * x, y: box.y + box.height * y })
      for (const [x, y] of [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]) await page.mouse.click(at(x, y).x, at(x, y).y) // prettier-ignore
      await page.waitForFunction(() => document.querySelectorAll('.draw-handle').length === 4, null, SLOW)
      const lonOf = (n) => page.getByLabel(`第 ${n} 点经度`)
      const drawn = await lonOf(3).inputValue()
      const held = at(0.6, 0.6)
      const to = at(0.65, 0.6)
      await page.mouse.move(held.x, held.y)
      await page.mouse.down()
      await page.mouse.move(to.x - 5, to.y, { steps: 4 })
      await page.mouse.move(to.x, to.y)
      await page.mouse.up()
      const dragged = await lonOf(3).inputValue()
      assert.ok(Number(dragged) > Number(drawn), `${dragged} lies east of ${drawn}`)
      await page.locator('.draw-map').press('Control+z')
      assert.equal(await lonOf(3).inputValue(), drawn)
      assert.deepEqual(await axeFaults(page), [])
      await page.getByRole('button', { name: '保存' }).click()
      await rows.filter({ hasText: '夜市专管' }).waitFor(SLOW)

      // Two squads are at home there now: the report says so.
      await coverage.getByRole('button', { name: '检查' }).click()
      await coverage.locator('.part.overlap').first().click(SLOW)
      assert.match(await coverage.locator('.found').innerText(), /重叠[\s\S]*夜市专管/)

      // Changed with the keyboard alone: a corner is removed, one nudged, one typed, and the days are set.
      const row = page.locator('.areas li', { hasText: '夜市专管' })
      await row.locator('.name').click()
      await row.getByRole('button', { name: '修改' }).click()
      await page.locator('.draw-handle').nth(3).focus(SLOW)
      await page.keyboard.press('Delete')
      await page.waitForFunction(() => document.querySelectorAll('.draw-handle').length === 3, null, SLOW)
      await page.locator('.draw-handle').nth(0).press('Shift+ArrowLeft')
      await lonOf(2).fill('114.7')
      await lonOf(2).press('Tab')
      await page.locator('.fields input[type=date]').nth(0).fill('2026-01-01')
      await page.locator('.fields input[type=date]').nth(1).fill('2099-01-01')
      await page.getByRole('button', { name: '保存' }).click()
      await row.getByText('至 2099-01-01 前').waitFor(SLOW)
      const saved = (await areas()).find((a) => a.name === '夜市专管')
      assert.equal(saved.polygons[0][0].length, 4) // three corners, closed
      assert.equal(saved.polygons[0][0][1][0], 114.7)
      assert.equal(saved.valid_from, '2026-01-01')

      // On a day before, it is not there; ended today, it is gone.
      await page.locator('.head input[type=date]').fill('2025-12-31')
      await row.waitFor({ state: 'detached', ...SLOW })
      await page.locator('.head input[type=date]').fill('2026-06-01')
      await row.getByRole('button', { name: '停用' }).click(SLOW)
      await row.getByRole('button', { name: '再按一次' }).click()
      await row.getByText('至 2099-01-01 前').waitFor({ state: 'detached', ...SLOW })
      await row.getByText(/至 \d{4}-\d\d-\d\d 前/).waitFor(SLOW)
      assert.equal((await areas()).length, before.length)

      // A file with one good feature and three that are not: each is told by itself, nothing is stored by a check.
      const file = {
        type: 'FeatureCollection',
        features: [
          feature({ name: '东站片区', org: squads[0].code }, 114.61, 29.91, 0.01),
          feature({ name: '无主', org: 'nobody' }, 114.62, 29.91, 0.01),
          feature({ org: squads[0].code }, 114.63, 29.91, 0.01),
          {
            type: 'Feature',
            properties: { name: '点' },
            geometry: { type: 'Point', coordinates: [114.6, 29.9] },
          },
        ],
      }
      const upload = page.locator('details', { hasText: '导入 GeoJSON' })
      await upload.locator('summary').click()
      const data = await page.evaluateHandle((text) => {
        const transfer = new DataTransfer()
        transfer.items.add(new File([text], 'beats.geojson', { type: 'application/geo+json' }))
        return transfer
      }, JSON.stringify(file))
      await upload.locator('.drop').dispatchEvent('drop', { dataTransfer: data })
      await upload.getByText('beats.geojson').waitFor(SLOW)
      await upload.getByRole('button', { name: '检查文件' }).click()
      await upload.locator('.problems li').nth(2).waitFor(SLOW)
      assert.match(
        await upload.locator('.problems').innerText(),
        /第 2 个\s*无主[\s\S]*没有属性 org[\s\S]*第 3 个[\s\S]*缺少属性 name[\s\S]*第 4 个\s*点[\s\S]*不是 Polygon/,
      )
      assert.equal((await areas()).length, before.length)
      await upload.locator('input[type=checkbox]').uncheck()
      await upload.getByRole('button', { name: '导入' }).click()
      await page.locator('.head input[type=date]').fill('2026-12-01')
      await rows.filter({ hasText: '东站片区' }).waitFor(SLOW)
      assert.deepEqual(await axeFaults(page), [])
      assert.deepEqual(page.faults, [])
    } finally {
      await browser.close()
      await server.stop()
    }
  },
)
