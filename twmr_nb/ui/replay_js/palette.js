// The colours of the 3D view, and how good its pictures are where only a processor draws them.

export const PALETTE = {
  light: {
    sky: [0.955, 0.963, 0.972], ground: [0.922, 0.932, 0.945], lines: [0.7, 0.735, 0.78], words: [0.36, 0.4, 0.46],
    block: [0.56, 0.64, 0.74], push: [0.8, 0.08, 0.25], arc: [0.44, 0.24, 0.72], goal: [0, 0.62, 0.45],
    ghost: [0.3, 0.42, 0.78], shade: 1,
  },
  dark: {
    sky: [0.088, 0.097, 0.112], ground: [0.13, 0.143, 0.165], lines: [0.29, 0.32, 0.37], words: [0.58, 0.62, 0.68],
    block: [0.34, 0.41, 0.52], push: [1, 0.33, 0.45], arc: [0.74, 0.6, 0.97], goal: [0, 0.72, 0.53],
    ghost: [0.62, 0.72, 1], shade: 0.85,
  },
};

// From full quality to what a processor alone can draw in time: smooth edges or not, share of the pixels.
const QUALITY = [
  { smooth: true, scale: 1 }, { smooth: false, scale: 1 }, { smooth: false, scale: 0.7 }, { smooth: false, scale: 0.5 },
];
const FLUENT = 55; // ms between pictures above which the quality is lowered
const SOFT = 2; // where a processor is known to draw, the quality to begin with

// Too slow while it moves: a simpler picture. The median of nine gaps, as one hesitation means nothing. The next
// movement tries a better picture again.
export class Pace {
  level; gaps = []; last = 0;

  constructor(soft) {
    this.level = soft ? SOFT : 0;
  }

  note(now, moves) {
    const gaps = moves ? [...this.gaps, now - this.last] : [];
    if (!moves && this.gaps.length) this.level = Math.max(this.level - 1, 0);
    Object.assign(this, { last: now, gaps });
    if (gaps.length < 9) return;
    const slow = [...gaps].sort((a, b) => a - b)[4] > FLUENT && this.level + 1 < QUALITY.length;
    if (slow) this.level += 1;
    this.gaps = slow ? [] : gaps.slice(-8);
  }

  quality(moves) {
    return QUALITY[moves ? this.level : 0];
  }
}
