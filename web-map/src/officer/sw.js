/*
 * Service worker of the officer's app: it keeps the app's own files so that /officer opens without a network.
 * The file list and the version are filled in by the build. It never touches /api: data is the app's business.
 * A new version waits until the page sends 'update', so that nothing changes in the middle of a case.
 */
const FILES = '__FILES__'
const CACHE = 'officer-__VERSION__'

self.addEventListener('install', (event) => {
  const fresh = FILES.map((url) => new Request(url, { cache: 'reload' }))
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldVersions().then(() => self.clients.claim()))
})

async function dropOldVersions() {
  const old = (await caches.keys()).filter((name) => name.startsWith('officer-') && name !== CACHE)
  await Promise.all(old.map((name) => caches.delete(name)))
}

self.addEventListener('message', (event) => {
  if (event.data === 'update') self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== location.origin) return
  if (url.pathname.startsWith('/api/')) return
  if (event.request.mode === 'navigate') {
    if (url.pathname.startsWith('/officer')) event.respondWith(shell(event.request))
    return
  }
  event.respondWith(cached(event.request))
})

// The files are the same for everybody, whatever Vary says: a script asked for with an Origin is still this file.
const SAME = { ignoreSearch: true, ignoreVary: true }

async function shell(request) {
  return (await caches.match('/index.html', SAME)) || fetch(request)
}

async function cached(request) {
  return (await caches.match(request, SAME)) || fetch(request)
}
