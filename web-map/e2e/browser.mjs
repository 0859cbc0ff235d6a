/** What the browser tests share: a Chromium that draws WebGL without a graphics card, and a few checks. */
import axe from 'axe-core'
import { chromium } from 'playwright-core'

/** Starts Chromium; CHROMIUM names another binary than Debian's. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
      '--force-color-profile=srgb',
      '--hide-scrollbars',
    ],
  })
}

/** A fresh page that collects every error it meets in `page.faults`. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1920, height: 1080 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    serviceWorkers: 'block',
    ...options,
  })
  const page = await context.newPage()
  page.faults = []
  page.on('pageerror', (error) => page.faults.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    // 401 is the answer to "who am I" before signing in; the GPU remark is about software drawing.
    if (message.type() === 'error' && !/401|GPU stall/.test(text)) page.faults.push(text)
  })
  return page
}

/** Signs in on the login page with the keyboard alone. */
export async function signIn(page, login, password) {
  await page.waitForSelector('input[name=username]')
  await page.focus('input[name=username]')
  await page.keyboard.type(login)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
}

/** The number of different colours among a grid of samples in a rectangle of the page. */
export async function coloursIn(page, clip, columns = 60, rows = 30) {
  const png = (await page.screenshot({ clip, timeout: 90_000 })).toString('base64')
  return page.evaluate(
    async ([data, across, down]) => {
      const image = new Image()
      image.src = `data:image/png;base64,${data}`
      await image.decode()
      const canvas = Object.assign(document.createElement('canvas'), { width: across, height: down })
      const pen = canvas.getContext('2d')
      pen.imageSmoothingEnabled = false
      pen.drawImage(image, 0, 0, across, down)
      const pixels = new Uint32Array(pen.getImageData(0, 0, across, down).data.buffer)
      return new Set(pixels).size
    },
    [png, columns, rows],
  )
}

/**
 * The accessibility rules of WCAG 2.2 A and AA that the page breaks, as short texts; with the rule that a button is
 * called what is written on it, which axe leaves out unless asked.
 */
export async function axeFaults(page) {
  await page.evaluate(axe.source)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const rules = { 'label-content-name-mismatch': { enabled: true } }
  const result = await page.evaluate((options) => globalThis.axe.run(options), { runOnly: tags, rules })
  return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`)
}
