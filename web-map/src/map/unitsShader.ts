/**
 * Shaders of the units layer. A unit is one point; its shape is a distance field drawn in the fragment shader:
 * 0 drop (available), 1 drop (offered), 2 arrow (en route), 3 square (on scene), 4 small drop (unavailable),
 * 5 ring (no signal). The vertex shader glides from the previous place to the next one.
 */
export const VERTEX = `#version 300 es
precision highp float;
layout(location = 0) in vec2 from;
layout(location = 1) in vec2 to;
layout(location = 2) in vec4 look;   // glyph, heading in radians, opacity, start of the glide in seconds
uniform mat4 matrix;
uniform float now, glide, scale, bearing;
uniform vec2 beside;                 // where a unit on scene is drawn, from its place, in clip space
uniform vec3 colors[6];
out vec4 color;
flat out int glyph;
out float turn;
void main() {
  float t = glide > 0. ? clamp((now - look.w) / glide, 0., 1.) : 1.;
  gl_Position = matrix * vec4(mix(from, to, t), 0., 1.);
  glyph = int(look.x + .5);
  if (glyph == 3) gl_Position.xy += beside * gl_Position.w;
  turn = look.y - bearing;
  float size = glyph == 2 ? 25. : glyph == 3 ? 18. : glyph == 4 ? 15. : glyph == 5 ? 17. : 20.;
  gl_PointSize = size * scale;
  color = vec4(colors[glyph], look.z);
}`

export const FRAGMENT = `#version 300 es
precision highp float;
in vec4 color;
flat in int glyph;
in float turn;
uniform vec3 edge;
out vec4 pixel;
float arrow(vec2 p) {
  p.x = abs(p.x);
  float side = dot(p - vec2(0., -.80), normalize(vec2(1.5, -.62)));
  return max(side, dot(p - vec2(0., .36), normalize(vec2(-.42, 1.))));
}
float drop(vec2 p) {
  vec2 tip = p - vec2(0., -.52);
  return min(length(p) - .42, max(abs(tip.x) * 1.6 - .26 - tip.y * .9, tip.y - .22));
}
void main() {
  vec2 q = (gl_PointCoord - .5) * 2.;
  float c = cos(turn), s = sin(turn);
  vec2 r = vec2(c * q.x + s * q.y, -s * q.x + c * q.y);
  float d = glyph == 2 ? arrow(r * 1.12)
    : glyph == 3 ? max(abs(q.x), abs(q.y)) - .52
    : glyph == 5 ? abs(length(q) - .46) - .11
    : drop(r);
  float w = fwidth(length(q)) * 1.1;
  float inside = 1. - smoothstep(-w, w, d);
  float alpha = (1. - smoothstep(-w, w, d - .17)) * color.a;
  if (alpha < .01) discard;
  pixel = vec4(mix(edge, color.rgb, inside) * alpha, alpha);
}`
