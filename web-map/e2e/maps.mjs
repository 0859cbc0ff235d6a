/** Maps of others for the browser tests: services that answer as the real ones are asked, and an archive of tiles. */
import { createServer } from 'node:http'
import { crc32, deflateSync, gzipSync } from 'node:zlib'
import { GeoJSONVT } from '@maplibre/geojson-vt'
import { fromGeojsonVt } from '@maplibre/vt-pbf'

/** Where a point lies on a map as wide as `size` pixels, from the north-west. */
export function pixelOf([lon, lat], size) {
  const y = Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI
  return [((lon + 180) / 360) * size, ((1 - y) / 2) * size]
}

/** A picture in PNG; at(x, y) is [red, green, blue, alpha]. */
export function png(side, at) {
  const rows = Buffer.alloc(side * (side * 4 + 1))
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) rows.set(at(x, y), y * (side * 4 + 1) + 1 + x * 4)
  }
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data])
    const out = Buffer.alloc(body.length + 8)
    out.writeUInt32BE(data.length)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), body.length + 4)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head.set([8, 6, 0, 0, 0], 8)
  const begin = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
  return Buffer.concat([
    begin,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/**
 * GCJ-02 of a point in China, as it is published again and again, written here a second time so that the service's own
 * is compared with something.
 */
export function gcj02([lon, lat]) {
  const x = lon - 105
  const y = lat - 35
  const wave = (v, ...parts) => parts.reduce((sum, [a, f]) => sum + a * Math.sin((v * Math.PI) / f), 0)
  const both = wave(x, [40 / 3, 1 / 6], [40 / 3, 1 / 2])
  const root = Math.sqrt(Math.abs(x))
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + both
  north += wave(y, [40 / 3, 1], [80 / 3, 3], [320 / 3, 12], [640 / 3, 30])
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + both
  east += wave(x, [40 / 3, 1], [80 / 3, 3], [100, 12], [200, 30])
  const radians = (lat * Math.PI) / 180
  const magic = 1 - 0.00669342162296594323 * Math.sin(radians) ** 2
  north = (north * 180) / (((6378245 * (1 - 0.00669342162296594323)) / magic ** 1.5) * Math.PI)
  east = (east * 180) / ((6378245 / Math.sqrt(magic)) * Math.cos(radians) * Math.PI)
  return [lon + east, lat + north]
}

/**
 * Starts a service with three maps: /xyz in WGS-84, green; /vec_w and /cva_w as Tianditu is asked, blue with yellow
 * corners, for the key alone; /appmaptile as AMap is asked, in GCJ-02, white with a disc of magenta at `mark` (WGS-84).
 * `refused` holds what was asked in another way.
 */
export async function startMaps(mark, key) {
  const refused = []
  const plain = new Map()
  const paint = (name, at) => plain.get(name) ?? plain.set(name, png(256, at)).get(name)
  const disc = (z, x, y) => {
    const [px, py] = pixelOf(gcj02(mark), 256 * 2 ** z)
    const [cx, cy] = [px - x * 256, py - y * 256]
    if (Math.max(Math.abs(cx - 128), Math.abs(cy - 128)) > 140)
      return paint('white', () => [255, 255, 255, 255])
    return png(256, (u, v) =>
      Math.hypot(u + 0.5 - cx, v + 0.5 - cy) < 7 ? [255, 0, 255, 255] : [255, 255, 255, 255],
    )
  }
  const draw = (url) => {
    const q = url.searchParams
    const whole = (...names) => names.every((name) => /^\d+$/.test(q.get(name) ?? ''))
    if (/^\/xyz\/\d+\/\d+\/\d+\.png$/.test(url.pathname)) return paint('green', () => [40, 200, 90, 255])
    const layer = /^\/(vec|cva)_w\/wmts$/.exec(url.pathname)?.[1]
    const asked = { SERVICE: 'WMTS', REQUEST: 'GetTile', VERSION: '1.0.0', LAYER: layer, STYLE: 'default' }
    Object.assign(asked, { TILEMATRIXSET: 'w', FORMAT: 'tiles', tk: key })
    if (layer && whole('TILEMATRIX', 'TILEROW', 'TILECOL')) {
      if (Object.entries(asked).some(([name, value]) => q.get(name) !== value)) return null
      if (layer === 'vec') return paint('blue', () => [70, 130, 255, 255])
      return paint('names', (x, y) => (x < 60 && y < 60 ? [255, 230, 0, 255] : [0, 0, 0, 0]))
    }
    if (url.pathname === '/appmaptile' && q.get('style') === '8' && whole('x', 'y', 'z')) {
      return disc(Number(q.get('z')), Number(q.get('x')), Number(q.get('y')))
    }
    return null
  }
  const server = createServer((request, answer) => {
    const picture = draw(new URL(request.url, 'http://x'))
    if (!picture) refused.push(request.url)
    answer.writeHead(picture ? 200 : 403, { 'Content-Type': picture ? 'image/png' : 'text/plain' })
    answer.end(picture ?? 'no')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}`, refused, stop: () => server.close() }
}

/** The configuration of the maps above and of an archive, as an operator writes it. */
export function mapsFile(url, key, archive) {
  const map = (id, zh, en, rest) =>
    `[[map]]\nid = "${id}"\nname = "${zh}"\nname-en = "${en}"\nsource = "${zh}来源"\napproval = "GS(2026)${id}号"\n${rest}\n`
  return [
    map('xyz', '省图', 'Province', `url = ["${url}/xyz/{z}/{x}/{y}.png"]`),
    map(
      'tianditu',
      '天地图',
      'Tianditu',
      `url = ["${url}/vec_w/wmts", "${url}/cva_w/wmts"]\nlayer = ["vec", "cva"]\nkey = "${key}"`,
    ),
    map(
      'amap',
      '高德',
      'AMap',
      `url = ["${url}/appmaptile?size=1&scale=1&style=8&x={x}&y={y}&z={z}"]\ndatum = "GCJ02"`,
    ),
    map('away', '断开的图', 'Away', `url = ["http://127.0.0.1:9/{z}/{x}/{y}.png"]`),
    map('archive', '档案', 'Archive', `file = "${archive}"`),
  ].join('\n')
}

/** The number of a tile in an archive: zoom by zoom along a Hilbert curve. */
function tileId(z, x, y) {
  let id = (4 ** z - 1) / 3
  for (let s = 2 ** (z - 1); s >= 1; s /= 2) {
    const rx = x & s ? 1 : 0
    const ry = y & s ? 1 : 0
    id += s * s * ((3 * rx) ^ ry)
    if (ry === 0) {
      if (rx === 1) [x, y] = [s - 1 - (x & (s - 1)), s - 1 - (y & (s - 1))]
      else [x, y] = [x & (s - 1), y & (s - 1)]
      ;[x, y] = [y, x]
    } else {
      ;[x, y] = [x & (s - 1), y & (s - 1)]
    }
  }
  return id
}

/** An archive (PMTiles 3) of vector tiles in the schema of Protomaps, zooms 0 to 12: a lake, two roads and a town. */
export function archive([west, south, east, north]) {
  const [lon, lat] = [(west + east) / 2, (south + north) / 2]
  const feature = (geometry, properties) => ({ type: 'Feature', geometry, properties })
  const line = (kind, coordinates) => feature({ type: 'LineString', coordinates }, { kind })
  const [w, h] = [(east - west) / 6, (north - south) / 6]
  const lake = [[lon, lat], [lon + w, lat], [lon + w, lat + h], [lon, lat + h], [lon, lat]] // prettier-ignore
  const layers = {
    water: [feature({ type: 'Polygon', coordinates: [lake] }, { kind: 'lake' })],
    roads: [
      line('highway', [[west, lat - h], [east, lat - h]]), // prettier-ignore
      line('minor_road', [[lon - w, south], [lon - w, north]]), // prettier-ignore
    ],
    places: [
      feature(
        { type: 'Point', coordinates: [lon, lat - h / 2] },
        { kind: 'town', name: '档案镇', 'name:en': 'Archive Town' },
      ),
    ],
  }
  const cut = Object.entries(layers).map(([name, features]) => [
    name,
    new GeoJSONVT(
      { type: 'FeatureCollection', features },
      { maxZoom: 12, indexMaxZoom: 0, extent: 4096, buffer: 64 },
    ),
  ])
  const tiles = []
  for (let z = 0; z <= 12; z++) {
    const [x0, y0] = pixelOf([west, north], 2 ** z).map(Math.floor)
    const [x1, y1] = pixelOf([east, south], 2 ** z).map(Math.floor)
    for (let x = x0; x <= x1; x++) {
      for (let y = y0; y <= y1; y++) {
        const found = cut
          .map(([name, index]) => [name, index.getTile(z, x, y)])
          .filter(([, tile]) => tile?.features.length)
        if (found.length === 0) continue
        const data = fromGeojsonVt(Object.fromEntries(found), { version: 2, extent: 4096 })
        tiles.push({ id: tileId(z, x, y), data: gzipSync(data) })
      }
    }
  }
  return assemble(tiles.sort((a, b) => a.id - b.id))
}

function assemble(tiles) {
  const varints = (list) => {
    const out = []
    for (let v of list) {
      for (; v > 127; v = Math.floor(v / 128)) out.push((v % 128) | 128)
      out.push(v)
    }
    return Buffer.from(out)
  }
  const data = Buffer.concat(tiles.map((tile) => tile.data))
  const directory = gzipSync(
    varints([
      tiles.length,
      ...tiles.map((tile, i) => tile.id - (i > 0 ? tiles[i - 1].id : 0)),
      ...tiles.map(() => 1),
      ...tiles.map((tile) => tile.data.length),
      ...tiles.map((_, i) => (i === 0 ? 1 : 0)), // 0: right after the one before
    ]),
  )
  const metadata = gzipSync(
    JSON.stringify({ vector_layers: [{ id: 'roads' }, { id: 'water' }, { id: 'places' }] }),
  )
  const head = Buffer.alloc(127)
  head.write('PMTiles')
  head[7] = 3
  const after = 127 + directory.length + metadata.length
  const parts = [127, directory.length, 127 + directory.length, metadata.length, after, 0, after, data.length]
  const numbers = [...parts, tiles.length, tiles.length, tiles.length]
  numbers.forEach((v, i) => head.writeBigUInt64LE(BigInt(v), 8 + 8 * i))
  head.set([1, 2, 2, 1, 0, 12], 96) // clustered, directories and tiles in gzip, vector tiles, zooms
  return Buffer.concat([head, directory, metadata, data])
}
