// The shaders of the 3D view: solid parts with one soft-shadowed sun, the floor with its metric grid, painted words.

const GLSL_COMMON = `
precision highp float; precision highp sampler2DShadow;
uniform vec3 eye, target, sky, sun; uniform vec2 fog; uniform mat4 light; uniform sampler2DShadow depth;
uniform mat4 chassis; uniform vec3 chassisSize; uniform float shade, taps;
float sunlight(vec3 p, float bias) { // 1 in the light, 0 in the shadow, soft between
  vec3 s = (light * vec4(p, 1.)).xyz * .5 + .5;
  vec2 edge = abs(s.xy - .5);
  float far = max(edge.x, edge.y);
  if (far > .49) return 1.;
  float sum = 0., texel = taps < 4. ? 0. : 1.3 / float(textureSize(depth, 0).x);
  for (float k = 0.; k < taps; k++)
    sum += texture(depth, vec3(s.xy + texel * (vec2(mod(k, 2.), floor(k / 2.)) * 2. - 1.), s.z - bias));
  return mix(sum / taps, 1., smoothstep(.36, .49, far));
}
float openSky(vec3 p) { // less under the chassis: the darkening that tells how high it floats
  vec3 q = (chassis * vec4(p, 1.)).xyz;
  if (q.z > 0. || dot(q, q) > .04) return 1.;
  float gap = max(-q.z - chassisSize.z, 0.), soft = .02 + gap;
  vec2 d = max(abs(q.xy) - chassisSize.xy * .92, 0.);
  return 1. - .62 * exp(-dot(d, d) / (soft * soft) - gap * 6.) * (1. - smoothstep(.02, .04, dot(q, q)));
}
vec3 finish(vec3 c, vec3 p) { // linear light to screen, fading into the background
  return mix(sqrt(c), sky, smoothstep(fog.x, fog.y, distance(p.xy, target.xy)));
}`;

export const SOLID_VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec3 position; layout(location=1) in vec3 normal;
layout(location=2) in vec4 paint; layout(location=3) in float slot;
uniform mat4 slots[SLOTS]; uniform mat4 view; uniform vec4 sweep;
out vec3 P, N, C; flat out int part;
void main() {
  part = int(paint.w); C = paint.rgb;
  mat4 m = slots[int(slot)]; vec3 p = position;
  if (part == 5) { // a torque arc: from the top of the wheel round, as far as the torque goes
    float s = sweep[int(slot) - (SLOTS - 4)], a = p.x * s + normal.x * sign(s) * min(1., abs(s) * 4.);
    p = vec3(p.y * sin(a), 0., p.y * cos(a));
  }
  vec4 w = m * vec4(p, 1.);
  P = w.xyz; N = mat3(m) * normal; gl_Position = view * w;
}`;

export const SOLID_FRAGMENT = `#version 300 es
${GLSL_COMMON}
in vec3 P, N, C; flat in int part; out vec4 o;
uniform float gate, touch; uniform vec3 push, arc, block; uniform vec4 ghost;
void main() {
  if (part == 5) { o = vec4(arc, 1.); return; }
  vec3 c = part == 4 ? push : part == 3 ? block : C;
  c *= c;
  vec3 n = normalize(N), v = normalize(eye - P);
  if (ghost.w > 0.) { // a pane of coloured glass: denser where it is seen edge-on
    float rim = 1. - abs(dot(n, v));
    o = vec4(sqrt(mix(ghost.rgb * ghost.rgb * (.55 + .45 * n.z), ghost.rgb * ghost.rgb, rim)), ghost.w * (.55 + .45 * rim));
    return;
  }
  vec3 q = (chassis * vec4(P, 1.)).xyz;
  float far = dot(q, q);
  if (part == 3) c = mix(c, vec3(.80, .05, .08), touch * .8 * exp(-28. * far));
  float key = max(dot(n, sun), 0.) * sunlight(P + n * .0012, .0006);
  float fill = max(dot(n, vec3(.55, -.25, .3)), 0.) * .22, sky_ = .5 + .5 * n.z;
  if (part == 3 && n.z > .9) sky_ *= openSky(P);
  float shine = part == 3 ? 0. : pow(max(dot(n, normalize(sun + v)), 0.), 34.) * key * (part == 1 ? .10 : .16);
  vec3 lit = c * (mix(vec3(.26, .24, .23), vec3(.50, .53, .58), sky_) * shade + key * vec3(.78, .75, .70) + fill) + shine;
  if (part == 2) lit += c * gate * .4 + vec3(.08, .03, 0.) * gate;
  o = vec4(finish(lit, P), 1.);
}`;

export const FLOOR_VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner; uniform mat4 view; uniform vec2 middle; uniform float reach; out vec3 P;
void main() { P = vec3(middle + corner * reach, 0.); gl_Position = view * vec4(P, 1.); }`;

export const FLOOR_FRAGMENT = `#version 300 es
precision highp float;
in vec3 P; out vec4 o; uniform vec3 target, sky, ground, lines, goal; uniform vec2 fog; uniform float goalX;
float grid(vec2 pixel, float cell, float width) { // how much of this pixel a grid line covers
  vec2 d = pixel / cell, g = clamp(width + .5 - (.5 - abs(fract(P.xy / cell) - .5)) / d, 0., 1.);
  return max(g.x, g.y) * clamp(1.6 - 5. * max(d.x, d.y), 0., 1.);
}
void main() {
  vec2 near = P.xy - target.xy, pixel = fwidth(P.xy);
  vec3 c = mix(ground, lines, max(.38 * grid(pixel, .1, .1), .85 * grid(pixel, .5, .4)));
  float off = abs(P.x - goalX) / pixel.x;
  if (off < 2.5) c = mix(c, goal, clamp(2.2 - off, 0., 1.) * (fract(P.y * 12.5) < .5 ? .35 : 1.));
  o = vec4(mix(c, sky, smoothstep(fog.x * fog.x, fog.y * fog.y, dot(near, near))), 1.);
}`;

// What darkens the floor, laid over it near the robot only: looking up shadows is the costly part.
export const SHADE_REACH = 0.27;
export const SHADE_FRAGMENT = `#version 300 es
${GLSL_COMMON}
in vec3 P; out vec4 o;
void main() {
  vec3 q = (chassis * vec4(P, 1.)).xyz;
  float lit = mix(.30, 1., sunlight(P, .0004)) * .62 + .38 * openSky(P);
  o = vec4(vec3(mix(sqrt(lit), 1., smoothstep(.05, .07, dot(q, q)))), 1.);
}`;

export const LABEL_VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner; uniform mat4 view; uniform vec4 spot; uniform vec4 size; out vec2 uv; out vec3 P;
void main() { // spot: x, y, z and which way up; size: half width, half depth, row of the texture, share of its width
  uv = vec2(corner.x * .5 * size.w + .5, (size.z + .5 - corner.y * .5) / ROWS.);
  P = vec3(spot.x + spot.w * corner.x * size.x, spot.y + spot.w * corner.y * size.y, spot.z);
  gl_Position = view * vec4(P, 1.);
}`;

export const LABEL_FRAGMENT = `#version 300 es
precision highp float;
in vec2 uv; in vec3 P; out vec4 o; uniform sampler2D text; uniform vec3 lines, target; uniform vec2 fog;
void main() { float a = texture(text, uv).a; o = vec4(lines, a * (1. - smoothstep(fog.x * .5, fog.y * .5, distance(P.xy, target.xy)))); }`;
