/** A demo server of its own for a browser test: the very binary, an empty data folder, a free port, no simulated fleet. */
import { execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const BINARY = fileURLToPath(new URL('../../bin/jiujin', import.meta.url))

/** Starts the server, with further flags, and resolves when it answers; stop() ends it and removes its data. */
export async function startDemo(...flags) {
  const dir = mkdtempSync(join(tmpdir(), 'jiujin-browser-'))
  chmodSync(dir, 0o755) // the postgres user must get through
  const readyFile = join(dir, 'ready')
  const log = []
  const child = spawn(
    BINARY,
    ['demo', '--data-dir', dir, '--listen', '127.0.0.1:0', '--ready-file', readyFile, ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  child.stdout.on('data', (text) => log.push(text))
  child.stderr.on('data', (text) => log.push(text))
  const ended = new Promise((resolve) => child.on('exit', resolve))
  await new Promise((resolve, reject) => {
    const watcher = watch(dir, () => {
      if (!existsSync(readyFile) || !readFileSync(readyFile, 'utf8').endsWith('\n')) return
      watcher.close()
      resolve()
    })
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log.join('')}`)))
  })
  const url = readFileSync(readyFile, 'utf8').trim()
  const credentials = JSON.parse(readFileSync(join(dir, 'demo-credentials.json'), 'utf8'))
  async function stop() {
    child.kill('SIGINT')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  return { url, dir, credentials, password: credentials.password, stop }
}

/** Makes an OpenStreetMap file of testdata the map and the roads of a running server. */
export async function importOSM(server, file, name) {
  const path = fileURLToPath(new URL(`../../testdata/${file}`, import.meta.url))
  await promisify(execFile)(BINARY, ['import', 'osm', path, '--name', name, '--data-dir', server.dir])
}

/** A vehicle unit that reports where it is, once a second from where at() says until stop(). */
export function startVehicle(server, index, at) {
  const device = server.credentials.devices.find((d) => d.index === index)
  const report = async () => {
    const { lon, lat } = at()
    const body = JSON.stringify({
      fixed_at: new Date().toISOString(),
      lon,
      lat,
      speed_kmh: 30,
      heading_deg: 90,
    })
    const answer = await fetch(`${server.url}/api/v1/fixes`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${device.key}`, 'Content-Type': 'application/json' },
      body,
    })
    if (!answer.ok) throw new Error(`fixes: ${answer.status} ${await answer.text()}`)
  }
  const timer = setInterval(() => void report().catch(() => {}), 1000)
  return { device, first: report(), stop: () => clearInterval(timer) }
}

/** Signs in and returns the session cookie. */
export async function signInCookie(url, login, password) {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ login, password }),
  })
  if (!answer.ok) throw new Error(`sign in as ${login}: ${answer.status} ${await answer.text()}`)
  return answer.headers.get('set-cookie').split(';')[0]
}

/** The board's live stream as { name, data }, until the reader stops. */
export async function* liveEvents(url, cookie) {
  const stop = new AbortController()
  try {
    const answer = await fetch(`${url}/api/v1/live?view=board`, {
      headers: { Cookie: cookie },
      signal: stop.signal,
    })
    let rest = ''
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop()
      for (const block of blocks) {
        const name = /^event: (.*)$/m.exec(block)?.[1]
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (name && data) yield { name, data: JSON.parse(data) }
      }
    }
  } finally {
    stop.abort()
  }
}

/** A signed-in client of the API, as { get, post }. */
export async function apiClient(server, login) {
  const cookie = await signInCookie(server.url, login, server.password)
  const call = async (method, path, body) => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { Cookie: cookie, 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() },
      body: body && JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body ?? {}) }
}
