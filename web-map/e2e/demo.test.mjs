/**
 * The demo as a newcomer starts it: the service and the simulated fleet. Within 60 s of the first movement a simulated
 * report has gone from intake to on scene, and the demo ends in order with nothing lost.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { liveEvents, signInCookie } from './server.mjs'

const SCRIPT = fileURLToPath(new URL('../../deploy/demo.sh', import.meta.url))

test('a simulated report reaches the scene within a minute', { timeout: 240_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jiujin-demo-'))
  chmodSync(dir, 0o755) // the postgres user must get through
  const output = []
  const demo = spawn('bash', [SCRIPT], {
    env: { ...process.env, JIUJIN_DATA_DIR: dir, JIUJIN_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => demo.on('exit', resolve))
  try {
    await new Promise((resolve, reject) => {
      demo.stdout.on('data', (text) => {
        output.push(text)
        if (/fleet is driving/.test(text)) resolve()
      })
      demo.stderr.on('data', (text) => output.push(text))
      demo.on('exit', (code) => reject(new Error(`the demo ended with ${code}:\n${output.join('')}`)))
    })
    const url = readFileSync(join(dir, 'demo.ready'), 'utf8').trim()
    const { password } = JSON.parse(readFileSync(join(dir, 'demo-credentials.json'), 'utf8'))
    const cookie = await signInCookie(url, 'dispatcher01', password)
    let moving = 0
    let arrived = 0
    for await (const { name, data } of liveEvents(url, cookie)) {
      if (name === 'fixes' && moving === 0) moving = Date.now()
      if (name === 'event' && data.type === 'sortie.arrived') {
        arrived = Date.now()
        break
      }
      if (moving && Date.now() - moving > 60_000) break
    }
    assert.ok(moving > 0, 'nothing moved')
    assert.ok(arrived > 0, 'no simulated report reached the scene within 60 s of the first movement')
  } finally {
    demo.kill('SIGTERM')
    const code = await ended
    assert.equal(code, 0, output.join(''))
    assert.match(output.join(''), /lost: 0, doubled: 0/)
    rmSync(dir, { recursive: true, force: true })
  }
})
