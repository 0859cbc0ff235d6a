import type { Glyph } from '../positions'
import type { Urgency } from '../wire'

/** Colours of the map. The page's colours are in style/tokens.css; units and urgencies repeat those here. */
export type Theme = 'dark' | 'light'

interface Palette {
  ground: string
  built: string
  grounds: string
  house: string
  path: string
  rail: string
  shop: string
  green: string
  water: string
  shore: string
  grid: string
  district: string
  casing: string
  trunk: string
  primary: string
  secondary: string
  minor: string
  text: string
  roadText: string
  districtText: string
  waterText: string
  halo: string
  labelText: string
  line: string
  lineFocus: string
  chip: string
  chipBorder: string
  chipText: string
  unitEdge: [number, number, number]
  units: Record<Glyph, string>
  urgency: Record<Urgency, string>
  markInk: string
  markEdge: string
}

export const PALETTES: Record<Theme, Palette> = {
  dark: {
    ground: '#0a111d',
    built: '#0d1626',
    grounds: '#101b2f',
    house: '#15233b',
    path: '#1b2b42',
    rail: '#2c3a52',
    shop: '#c9a45c',
    green: '#0c1f22',
    water: '#0c3054',
    shore: '#164a78',
    grid: '#17253b',
    district: '#3a557d',
    casing: '#070c15',
    trunk: '#587fb3',
    primary: '#3d5980',
    secondary: '#273c5c',
    minor: '#1b2b45',
    text: '#8ea6c6',
    roadText: '#667f9f',
    districtText: '#7f99bd',
    waterText: '#4b8fca',
    halo: '#070c15',
    labelText: '#f3f6fb',
    line: '#4aa8ff',
    lineFocus: '#e3f2ff',
    chip: 'rgba(10,18,32,.92)',
    chipBorder: '#3a6ea8',
    chipText: '#eaf4ff',
    unitEdge: [0.02, 0.035, 0.06],
    units: {
      available: '#2fd0a5',
      offered: '#4aa8ff',
      en_route: '#4aa8ff',
      on_scene: '#bb9aff',
      unavailable: '#93a7c4',
      no_signal: '#64748b',
    },
    urgency: { 1: '#ff5f55', 2: '#ff9e2c', 3: '#d9c06a', 4: '#a5a194' },
    markInk: '#170a06',
    markEdge: '#070c15',
  },
  light: {
    ground: '#eef1f5',
    built: '#f6f6f3',
    grounds: '#f1ece2',
    house: '#e3e0d9',
    path: '#e2dccf',
    rail: '#b7bcc6',
    shop: '#96691a',
    green: '#d5ead1',
    water: '#b9d7f0',
    shore: '#a3c8e8',
    grid: '#dfe5ec',
    district: '#9aa7bb',
    casing: '#d4d9e1',
    trunk: '#ffd98a',
    primary: '#fff0c4',
    secondary: '#ffffff',
    minor: '#ffffff',
    text: '#4a5a70',
    roadText: '#6b788a',
    districtText: '#62728c',
    waterText: '#3f78aa',
    halo: '#ffffff',
    labelText: '#1b2635',
    line: '#1259c3',
    lineFocus: '#0b3f8f',
    chip: 'rgba(255,255,255,.95)',
    chipBorder: '#1259c3',
    chipText: '#0b3f8f',
    unitEdge: [1, 1, 1],
    units: {
      available: '#0b8d6d',
      offered: '#1259c3',
      en_route: '#1259c3',
      on_scene: '#7a45e0',
      unavailable: '#66758c',
      no_signal: '#7b8798',
    },
    urgency: { 1: '#d3281d', 2: '#d66a00', 3: '#a3841a', 4: '#77746a' },
    markInk: '#ffffff',
    markEdge: '#ffffff',
  },
}
