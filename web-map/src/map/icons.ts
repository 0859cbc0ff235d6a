import type { Map as MapLibre } from 'maplibre-gl'
import type { Urgency } from '../wire'
import { PALETTES, type Theme } from './palette'

const SIZE = 44

/** Name of the icon of a ticket: hollow when officers are there. */
export const iconName = (urgency: Urgency, hollow: boolean) =>
  `ticket-${urgency}-${hollow ? 'hollow' : 'full'}`

/**
 * Draws the ticket marks and the label chip and adds them to the map, instead of a sprite file. Shape, number
 * and colour all carry the urgency. k is the scale of the page.
 */
export async function addIcons(map: MapLibre, theme: Theme, k: number): Promise<void> {
  // Without this the first icons would keep the fallback face.
  await Promise.allSettled([document.fonts.load('600 19px "Barlow Condensed"')])
  for (const urgency of [1, 2, 3, 4] as Urgency[]) {
    for (const hollow of [false, true]) addMark(map, theme, k, urgency, hollow)
  }
  addChip(map, theme, k)
}

function canvas(width: number, height: number, ratio: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const element = document.createElement('canvas')
  element.width = Math.round(width * ratio)
  element.height = Math.round(height * ratio)
  const pen = element.getContext('2d')!
  pen.scale(ratio, ratio)
  return [element, pen]
}

function outline(pen: CanvasRenderingContext2D, urgency: Urgency): void {
  pen.beginPath()
  if (urgency === 1) {
    for (let i = 0; i < 8; i++) {
      const angle = Math.PI / 8 + (i * Math.PI) / 4
      pen.lineTo(Math.cos(angle) * 16.5, Math.sin(angle) * 16.5)
    }
  } else if (urgency === 2) {
    pen.moveTo(0, -17)
    pen.lineTo(17, 12.5)
    pen.lineTo(-17, 12.5)
  } else if (urgency === 3) {
    pen.moveTo(0, -16)
    pen.lineTo(16, 0)
    pen.lineTo(0, 16)
    pen.lineTo(-16, 0)
  } else {
    pen.arc(0, 0, 11.5, 0, 7)
  }
  pen.closePath()
}

function addMark(map: MapLibre, theme: Theme, k: number, urgency: Urgency, hollow: boolean): void {
  const p = PALETTES[theme]
  const ratio = Math.ceil(devicePixelRatio * k * 2)
  const [element, pen] = canvas(SIZE, SIZE, ratio)
  const ringed = urgency === 1 && !hollow
  const stroke = (lineWidth: number, color: string) => {
    outline(pen, urgency)
    pen.lineWidth = lineWidth
    pen.strokeStyle = color
    pen.stroke()
  }
  pen.translate(SIZE / 2, SIZE / 2)
  pen.lineJoin = 'round'
  stroke(ringed ? 10 : 7, p.markEdge)
  if (ringed) stroke(6, '#ffffff')
  stroke(ringed ? 1 : 3, p.urgency[urgency])
  pen.fillStyle = hollow ? p.ground : p.urgency[urgency]
  pen.fill()
  pen.fillStyle = hollow ? p.urgency[urgency] : p.markInk
  pen.font = '600 19px "Barlow Condensed", sans-serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(String(urgency), 0, urgency === 2 ? 4 : 1)
  const image = pen.getImageData(0, 0, element.width, element.height)
  map.addImage(iconName(urgency, hollow), image, { pixelRatio: ratio / k })
}

/** A box that stretches around its text. */
function addChip(map: MapLibre, theme: Theme, k: number): void {
  const p = PALETTES[theme]
  const ratio = Math.ceil(devicePixelRatio * k * 2)
  const [element, pen] = canvas(40, 28, ratio)
  pen.beginPath()
  pen.roundRect(1.5, 1.5, 37, 25, 7)
  pen.fillStyle = p.chip
  pen.fill()
  pen.lineWidth = 1.5
  pen.strokeStyle = p.chipBorder
  pen.stroke()
  map.addImage('chip', pen.getImageData(0, 0, element.width, element.height), {
    pixelRatio: ratio / k,
    stretchX: [[10 * ratio, 30 * ratio]],
    stretchY: [[10 * ratio, 18 * ratio]],
    content: [7 * ratio, 4 * ratio, 33 * ratio, 24 * ratio],
  })
}
