import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** All files below dir, sorted, with forward slashes. */
function filesBelow(dir: string): string[] {
  return readdirSync(dir)
    .sort()
    .flatMap((name) => {
      const path = join(dir, name)
      return statSync(path).isDirectory() ? filesBelow(path) : [path]
    })
}

/** The worker's source with its file list and version filled in. */
export function fillWorker(source: string, files: string[], version: string): string {
  return source.replace("'__FILES__'", JSON.stringify(files)).replace('__VERSION__', version)
}

/**
 * Writes sw.js from src/officer/sw.js: the files that the officer's app needs offline, and a version made from
 * their content. Chunks of the other surfaces are left out.
 */
export function serviceWorker(): Plugin {
  let outDir = ''
  const notOffline =
    /\/(ScreenView|DeskView|AdminView|PlaybackView|\w+Page|HallView|ProgressView|desk|screen)-|\.(gz|map)$|\/sw\.js$/
  return {
    name: 'jiujin-service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir
    },
    closeBundle() {
      const source = readFileSync('src/officer/sw.js', 'utf8')
      const hash = createHash('sha256').update(source)
      const list = filesBelow(outDir)
        .filter((path) => !notOffline.test(path))
        .map((path) => {
          hash.update(relative(outDir, path)).update(readFileSync(path))
          return '/' + relative(outDir, path).replaceAll('\\', '/')
        })
      writeFileSync(join(outDir, 'sw.js'), fillWorker(source, list, hash.digest('hex').slice(0, 12)))
    },
  }
}

/** Writes a .gz twin beside every text file of 1 KiB or more; the server picks it by Accept-Encoding. */
export function gzipTwins(): Plugin {
  let outDir = ''
  return {
    name: 'jiujin-gzip-twins',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      outDir = config.build.outDir
    },
    closeBundle() {
      for (const path of filesBelow(outDir)) {
        if (!/\.(m?js|css|html|json|svg|webmanifest)$/.test(path)) continue
        const body = readFileSync(path)
        if (body.length >= 1024) writeFileSync(path + '.gz', gzipSync(body, { level: 9 }))
      }
    },
  }
}
