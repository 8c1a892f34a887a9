// Drawing with WebGL2 alone: shadow map, floor, words on it, robot, ghost. No library.

import { lens, SUN, sunLens } from "./camera.js";
import { buildMesh } from "./mesh.js";
import { arcMatrix, arrowMatrices, NOWHERE, TORQUE_SWEEP } from "./robot.js";
import { FLOOR_FRAGMENT, FLOOR_VERTEX, LABEL_FRAGMENT, LABEL_VERTEX, SHADE_FRAGMENT, SHADE_REACH, SOLID_FRAGMENT, SOLID_VERTEX } from "./shaders.js";
import { make } from "../element.js";
import { inverse } from "./vectors.js";

function compile(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const logs = gl.getAttachedShaders(program).map((s) => gl.getShaderInfoLog(s));
    throw new Error(`shader: ${gl.getProgramInfoLog(program)} ${logs.join(" ")}`);
  }
  const at = new Map();
  const where = (name) => at.get(name) ?? at.set(name, gl.getUniformLocation(program, name)).get(name);
  // Set uniforms by name; a number is a float, a list a vector, 16 or more numbers matrices.
  const set = (values) => {
    gl.useProgram(program);
    for (const [name, v] of Object.entries(values)) {
      if (typeof v === "number") gl.uniform1f(where(name), v);
      else if (v.length >= 16) gl.uniformMatrix4fv(where(name), false, v);
      else gl[`uniform${v.length}fv`](where(name), v);
    }
  };
  const sampler = (name, unit) => (gl.useProgram(program), gl.uniform1i(where(name), unit));
  return { set, sampler };
}

// The words painted on the floor: one row of a texture per label, and the share of the row that each fills.
function labelTexture(gl, labels) {
  const row = 64, canvas = make("canvas", { width: 512, height: row * labels.length });
  const pen = canvas.getContext("2d");
  pen.font = "600 46px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const shares = labels.map((label, k) => {
    pen.fillText(label.text, 256, row * (k + 0.52));
    return Math.min((pen.measureText(label.text).width + 8) / canvas.width, 1);
  });
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, canvas);
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  const sharp = gl.getExtension("EXT_texture_filter_anisotropic");
  if (sharp) gl.texParameterf(gl.TEXTURE_2D, sharp.TEXTURE_MAX_ANISOTROPY_EXT, 8);
  return shares;
}

function shadowTarget(gl, size) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.DEPTH_COMPONENT24, size, size);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, texture, 0);
  return { texture, frame, size };
}

// A multisampled picture for smooth edges; copied to the canvas when done.
function smoothTarget(gl, width, height) {
  const frame = gl.createFramebuffer(), samples = Math.min(4, gl.getParameter(gl.MAX_SAMPLES));
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  const parts = [[gl.RGBA8, gl.COLOR_ATTACHMENT0], [gl.DEPTH_COMPONENT24, gl.DEPTH_ATTACHMENT]].map(([format, slot]) => {
    const buffer = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, buffer);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, samples, format, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, slot, gl.RENDERBUFFER, buffer);
    return buffer;
  });
  return { frame, width, height, free: () => (parts.forEach((b) => gl.deleteRenderbuffer(b)), gl.deleteFramebuffer(frame)) };
}

function vertexArray(gl, data, layout, index) {
  const array = gl.createVertexArray(), stride = 4 * layout.reduce((a, b) => a + b, 0);
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
  let offset = 0;
  layout.forEach((size, k) => {
    gl.enableVertexAttribArray(k);
    gl.vertexAttribPointer(k, size, gl.FLOAT, false, stride, offset);
    offset += 4 * size;
  });
  if (index) {
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, index, gl.STATIC_DRAW);
  }
  return array;
}

export class Painter {
  gl; canvas; scene; mesh; smooth; solid; shadow; floor; shade; label; body; quad; map; shares;

  // Throws where the browser has no WebGL2.
  constructor(canvas, scene) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, depth: true, powerPreference: "low-power" });
    if (!gl) throw new Error("no WebGL2");
    Object.assign(this, { gl, canvas, scene, mesh: buildMesh(scene), smooth: null });
    const solid = SOLID_VERTEX.replaceAll("SLOTS", this.mesh.slots), rows = scene.labels.length || 1;
    this.solid = compile(gl, solid, SOLID_FRAGMENT);
    this.shadow = compile(gl, solid, "#version 300 es\nvoid main() {}");
    this.floor = compile(gl, FLOOR_VERTEX, FLOOR_FRAGMENT);
    this.shade = compile(gl, FLOOR_VERTEX, SHADE_FRAGMENT);
    this.label = compile(gl, LABEL_VERTEX.replace("ROWS", rows), LABEL_FRAGMENT);
    this.solid.sampler("depth", 0);
    this.shade.sampler("depth", 0);
    this.label.sampler("text", 1);
    this.body = vertexArray(gl, this.mesh.data, [3, 3, 4, 1], this.mesh.index);
    this.quad = vertexArray(gl, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), [2]);
    this.map = shadowTarget(gl, 1024);
    gl.activeTexture(gl.TEXTURE1);
    this.shares = scene.labels.length ? labelTexture(gl, scene.labels) : [];
    gl.activeTexture(gl.TEXTURE0);
    gl.enable(gl.DEPTH_TEST);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
  }

  // Whether a processor draws, as far as the browser tells.
  get soft() {
    const { gl } = this, named = gl.getExtension("WEBGL_debug_renderer_info");
    return /swiftshader|llvmpipe|software|basic render/i.test(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  }

  resize(width, height) {
    const { canvas } = this;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  }

  // shot: bodies, ghost, camera, target, palette, gate, touch, contacts, pull, torque, smooth.
  draw(shot) {
    const { gl, canvas, scene } = this, { palette, target, camera } = shot;
    const { view, eye } = lens(camera, target, canvas.width / canvas.height), root = shot.bodies[scene.chassis.body];
    const light = sunLens([root[12], root[13], 0.03]), slots = this.slotMatrices(shot);
    this.drawShadows(light, slots);
    const frame = shot.smooth ? this.smoothFrame() : null;
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(...palette.sky, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const fog = [2.2 * camera.distance, 5.5 * camera.distance];
    const world = { view, eye, target, sky: palette.sky, fog, light, sun: SUN, shade: palette.shade, taps: shot.smooth ? 4 : 1 };
    Object.assign(world, { chassis: inverse(root), chassisSize: scene.chassis.size });
    const sweep = shot.torque.map((t) => t * TORQUE_SWEEP), ghost = [0, 0, 0, 0];
    const { gate, touch } = shot, { push, arc, block } = palette;
    this.solid.set({ ...world, slots, sweep, gate, touch, push, arc, block, ghost });
    gl.bindVertexArray(this.body);
    this.drawParts("world", "robot");
    if (shot.contacts || shot.pull) this.drawParts("arrows", "arrows");
    gl.disable(gl.CULL_FACE);
    if (shot.contacts) this.drawParts("arcs", "arcs");
    this.drawFloor(world, palette, root);
    this.drawLabels(view, target, fog, palette, eye);
    if (shot.ghost) this.drawGhost(shot.ghost, palette);
    if (!frame) return;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, frame);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    const box = [0, 0, canvas.width, canvas.height];
    gl.blitFramebuffer(...box, ...box, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  }

  // After the robot, so that what it hides costs nothing.
  drawFloor(world, { ground, lines, goal }, root) {
    const { gl, scene } = this, { view, target, sky, fog } = world, middle = target.slice(0, 2), reach = 1.05 * fog[1];
    this.floor.set({ view, target, sky, fog, middle, reach, ground, lines, goal, goalX: scene.goal ?? 1e6 });
    gl.bindVertexArray(this.quad);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    this.shade.set({ ...world, middle: [root[12], root[13]], reach: SHADE_REACH });
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ZERO, gl.SRC_COLOR);
    gl.enable(gl.POLYGON_OFFSET_FILL);
    gl.polygonOffset(-1, -2);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.disable(gl.POLYGON_OFFSET_FILL);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
    gl.disable(gl.BLEND);
  }

  slotMatrices({ bodies, contacts, pull }) {
    const { scene, mesh } = this, slots = new Float32Array(16 * mesh.slots), none = [NOWHERE, NOWHERE];
    const arrows = scene.wheels.flatMap((_, k) => (contacts ? arrowMatrices(...contacts[k]) : none));
    arrows.push(...(pull ? arrowMatrices(...pull) : none));
    const arcs = scene.wheels.map((wheel) => arcMatrix(scene, bodies, wheel));
    [...bodies, ...arrows, ...arcs].forEach((m, k) => slots.set(m, 16 * k));
    return slots;
  }

  drawShadows(light, slots) {
    const { gl, map } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, map.frame);
    gl.viewport(0, 0, map.size, map.size);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    this.shadow.set({ slots, view: light, sweep: [0, 0, 0, 0] });
    gl.bindVertexArray(this.body);
    gl.enable(gl.CULL_FACE);
    this.drawParts("world", "robot");
  }

  // Neighbouring sections of the mesh, from one to another.
  drawParts(first, last) {
    const { gl, mesh } = this, [start] = mesh.range[first], [at, count] = mesh.range[last];
    gl.drawElements(gl.TRIANGLES, at + count - start, gl.UNSIGNED_SHORT, 2 * start);
  }

  // Words lie on the camera's side of the robot's way and are turned to be read from there.
  drawLabels(view, target, fog, palette, eye) {
    const { gl, scene } = this, side = eye[1] < target[1] ? 1 : -1;
    gl.enable(gl.BLEND);
    gl.depthMask(false);
    gl.bindVertexArray(this.quad);
    scene.labels.forEach((label, row) => {
      if (Math.abs(label.x - target[0]) > fog[1] / 2) return;
      const spot = [label.x, label.y[side > 0 ? 0 : 1], label.z + 0.0008, side];
      const size = [0.125 * this.shares[row], 0.03, row, this.shares[row]];
      this.label.set({ view, target, fog, lines: palette.words, spot, size });
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    });
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  // Depth first, colour second, so that a ghost's far side does not show through its near side.
  drawGhost(bodies, palette) {
    const { gl, mesh } = this, slots = new Float32Array(16 * mesh.slots);
    bodies.forEach((m, k) => slots.set(m, 16 * k));
    this.solid.set({ slots, ghost: [...palette.ghost, 0.6] });
    gl.bindVertexArray(this.body);
    gl.enable(gl.CULL_FACE);
    gl.colorMask(false, false, false, false);
    this.drawParts("robot", "robot");
    gl.colorMask(true, true, true, true);
    gl.enable(gl.BLEND);
    gl.depthFunc(gl.LEQUAL);
    this.drawParts("robot", "robot");
    gl.depthFunc(gl.LESS);
    gl.disable(gl.BLEND);
  }

  smoothFrame() {
    const { width, height } = this.canvas;
    if (this.smooth?.width !== width || this.smooth.height !== height) {
      this.smooth?.free();
      this.smooth = smoothTarget(this.gl, width, height);
    }
    return this.smooth.frame;
  }

  dispose() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
