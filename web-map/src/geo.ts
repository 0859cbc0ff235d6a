/** Great-circle distance in metres between two WGS-84 points, longitude first (sphere of 6,371,008.8 m). */
export function distanceM(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const rad = Math.PI / 180
  const sinLat = Math.sin(((lat2 - lat1) * rad) / 2)
  const sinLon = Math.sin(((lon2 - lon1) * rad) / 2)
  const h = sinLat * sinLat + Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * sinLon * sinLon
  return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(h)))
}
