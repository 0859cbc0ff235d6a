import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl'
import { serverNow } from '../clock'
import { GLYPHS, type Positions } from '../positions'
import { PALETTES, type Theme } from './palette'
import { FRAGMENT, VERTEX } from './unitsShader'

const GLIDE_S = 1
/** A unit that jumped further than this (about 500 m, in mercator units) appears at its new place at once. */
const JUMP = 1.3e-5
/** Opacity by the age of the fix: live, recent, stale, lost. */
const FADE: [ageS: number, opacity: number][] = [
  [60, 1],
  [300, 0.75],
  [1800, 0.45],
]
const LOST_OPACITY = 0.25
const ON_SCENE = GLYPHS.indexOf('on_scene')
/** A unit on scene is drawn at the upper left corner of its ticket's mark, which would hide it. Pixels at scale 1. */
const BESIDE: readonly [x: number, y: number] = [-15, -15]

/** Where a unit of this glyph is drawn, in pixels from its place (y down). */
export function drawnBeside(glyph: number, scale: number): [x: number, y: number] {
  return glyph === ON_SCENE ? [BESIDE[0] * scale, BESIDE[1] * scale] : [0, 0]
}

export function opacityOf(ageS: number): number {
  return FADE.find(([limit]) => ageS <= limit)?.[1] ?? LOST_OPACITY
}

const mercatorX = (lon: number) => (lon + 180) / 360
function mercatorY(lat: number): number {
  const s = Math.sin((lat * Math.PI) / 180)
  return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)
}

/**
 * All units in one draw call. Places are kept relative to an origin, because float32 mercator coordinates are
 * only good to 2.4 m; the origin is folded into the matrix in float64.
 */
export class UnitsLayer implements CustomLayerInterface {
  readonly id = 'units'
  readonly type = 'custom' as const
  readonly renderingMode = '2d' as const

  private map: MapLibre | null = null
  private program: WebGLProgram | null = null
  private vertices: WebGLVertexArrayObject | null = null
  private placeBuffer: WebGLBuffer | null = null
  private lookBuffer: WebGLBuffer | null = null
  private uniforms: Record<string, WebGLUniformLocation | null> = {}
  /** from x, from y, to x, to y */
  private places = new Float32Array(0)
  /** glyph, heading, opacity, start of the glide */
  private looks = new Float32Array(0)
  private rows = 0
  private origin: [number, number] | null = null
  private dirty = true
  private movingUntil = 0
  private readonly epoch = performance.now()
  private readonly colors: Float32Array
  private readonly glideS: number

  constructor(
    private positions: Positions,
    private theme: Theme,
    private scale: number,
    reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches,
  ) {
    this.glideS = reducedMotion ? 0 : GLIDE_S
    this.colors = new Float32Array(
      GLYPHS.flatMap((g) => {
        const hex = PALETTES[theme].units[g]
        return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      }),
    )
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map
    this.program = link(gl)
    for (const name of ['matrix', 'now', 'glide', 'scale', 'bearing', 'colors', 'edge', 'beside']) {
      this.uniforms[name] = gl.getUniformLocation(this.program, name)
    }
    this.vertices = gl.createVertexArray()
    this.placeBuffer = gl.createBuffer()
    this.lookBuffer = gl.createBuffer()
    gl.bindVertexArray(this.vertices)
    attribute(gl, this.placeBuffer, 0, 2, 16, 0)
    attribute(gl, this.placeBuffer, 1, 2, 16, 8)
    attribute(gl, this.lookBuffer, 2, 4, 16, 0)
    gl.bindVertexArray(null)
  }

  onRemove(_map: MapLibre, gl: WebGL2RenderingContext): void {
    gl.deleteBuffer(this.placeBuffer)
    gl.deleteBuffer(this.lookBuffer)
    gl.deleteProgram(this.program)
    gl.deleteVertexArray(this.vertices)
    this.map = null
  }

  /** Takes over changed rows of the positions; null means all, without gliding. */
  update(changed: Set<number> | null): void {
    const now = (performance.now() - this.epoch) / 1000
    if (this.places.length < this.positions.ids.length * 4) {
      this.places = widened(this.places, this.positions.ids.length * 4)
      this.looks = widened(this.looks, this.positions.ids.length * 4)
    }
    this.rows = this.positions.n
    if (changed === null) for (let row = 0; row < this.rows; row++) this.take(row, now, true)
    else for (const row of changed) this.take(row, now, false)
    this.dirty = true
    this.map?.triggerRepaint()
  }

  /** Ages fade even when nothing moves: call it every few seconds. It draws only when one looks different. */
  fade(): void {
    const now = serverNow()
    let faded = false
    for (let row = 0; row < this.rows; row++) {
      const opacity = Math.fround(this.opacity(row, now))
      faded ||= this.looks[row * 4 + 2] !== opacity
      this.looks[row * 4 + 2] = opacity
    }
    if (!faded) return
    this.dirty = true
    this.map?.triggerRepaint()
  }

  private opacity(row: number, nowMs: number): number {
    const at = this.positions.fixedAt[row]!
    return at === 0 ? 0 : opacityOf((nowMs - at) / 1000)
  }

  private take(row: number, now: number, jump: boolean): void {
    const { lon, lat, heading, glyph, fixedAt } = this.positions
    const o = row * 4
    this.looks[o] = glyph[row]!
    this.looks[o + 2] = this.opacity(row, serverNow())
    if (fixedAt[row] === 0) return
    this.origin ??= [mercatorX(lon[row]!), mercatorY(lat[row]!)]
    const x = mercatorX(lon[row]!) - this.origin[0]
    const y = mercatorY(lat[row]!) - this.origin[1]
    this.looks[o + 1] = Number.isNaN(heading[row]) ? 0 : (heading[row]! * Math.PI) / 180
    const [px, py] = this.shownAt(row, now)
    const far = Math.hypot(x - px, y - py) > JUMP
    if (x === this.places[o + 2] && y === this.places[o + 3] && !jump) return
    this.places.set(jump || far || this.glideS === 0 ? [x, y, x, y] : [px, py, x, y], o)
    this.looks[o + 3] = now
    this.movingUntil = now + this.glideS
  }

  /** Where the unit is drawn right now, relative to the origin. */
  private shownAt(row: number, now: number): [number, number] {
    const o = row * 4
    const t = this.glideS > 0 ? Math.min(1, (now - this.looks[o + 3]!) / this.glideS) : 1
    const [fx, fy, tx, ty] = this.places.subarray(o, o + 4) as unknown as [number, number, number, number]
    return [fx + (tx - fx) * t, fy + (ty - fy) * t]
  }

  render(context: WebGL2RenderingContext | WebGLRenderingContext, input: CustomRenderMethodInput): void {
    if (!this.map || !this.origin || this.rows === 0) return
    const gl = context as WebGL2RenderingContext
    const now = (performance.now() - this.epoch) / 1000
    gl.useProgram(this.program)
    gl.bindVertexArray(this.vertices)
    if (this.dirty) this.upload(gl)
    const matrix = shifted(input.defaultProjectionData.mainMatrix as ArrayLike<number>, this.origin)
    const zoom = this.map.getZoom() - Math.log2(this.scale)
    const size = Math.min(1.4, Math.max(0.62, 0.9 + (zoom - 11.6) * 0.16))
    gl.uniformMatrix4fv(this.uniforms.matrix!, false, matrix)
    gl.uniform1f(this.uniforms.now!, now)
    gl.uniform1f(this.uniforms.glide!, this.glideS)
    gl.uniform1f(this.uniforms.scale!, this.scale * devicePixelRatio * size)
    gl.uniform1f(this.uniforms.bearing!, (this.map.getBearing() * Math.PI) / 180)
    const [right, down] = drawnBeside(ON_SCENE, this.scale * devicePixelRatio)
    gl.uniform2f(
      this.uniforms.beside!,
      (2 * right) / gl.drawingBufferWidth,
      (-2 * down) / gl.drawingBufferHeight,
    )
    gl.uniform3fv(this.uniforms.colors!, this.colors)
    gl.uniform3fv(this.uniforms.edge!, PALETTES[this.theme].unitEdge)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    gl.disable(gl.DEPTH_TEST)
    gl.disable(gl.STENCIL_TEST)
    gl.drawArrays(gl.POINTS, 0, this.rows)
    gl.bindVertexArray(null)
    if (now < this.movingUntil) this.map.triggerRepaint()
  }

  private upload(gl: WebGL2RenderingContext): void {
    gl.bindBuffer(gl.ARRAY_BUFFER, this.placeBuffer)
    gl.bufferData(gl.ARRAY_BUFFER, this.places, gl.DYNAMIC_DRAW)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.lookBuffer)
    gl.bufferData(gl.ARRAY_BUFFER, this.looks, gl.DYNAMIC_DRAW)
    this.dirty = false
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  const stages: [number, string][] = [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ]
  for (const [type, source] of stages) {
    const shader = gl.createShader(type)!
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`units layer: ${gl.getShaderInfoLog(shader)}`)
    }
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  return program
}

function attribute(
  gl: WebGL2RenderingContext,
  buffer: WebGLBuffer | null,
  index: number,
  size: number,
  stride: number,
  offset: number,
): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
  gl.enableVertexAttribArray(index)
  gl.vertexAttribPointer(index, size, gl.FLOAT, false, stride, offset)
}

function widened(from: Float32Array, length: number): Float32Array<ArrayBuffer> {
  const to = new Float32Array(length)
  to.set(from)
  return to
}

/** The map's matrix with the origin folded in; the sums are float64. */
function shifted(matrix: ArrayLike<number>, [x, y]: [number, number]): Float32Array {
  const out = Float32Array.from(matrix)
  for (let r = 0; r < 4; r++) out[12 + r] = matrix[r]! * x + matrix[4 + r]! * y + matrix[12 + r]!
  return out
}
