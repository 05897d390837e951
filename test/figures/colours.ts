/** @file How colours look, to those who see all of them and to those who do not. */

type Triple = readonly [number, number, number];

/** Severity 1.0 of Machado, Oliveira and Fernandes (2009), for linear RGB. */
export const VISIONS: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Ratio of luminances as WCAG 2 defines it, 1 to 21. */
export function contrastOf(a: string, b: string): number {
  const [darker, lighter] = [luminanceOf(a), luminanceOf(b)].toSorted((x, y) => x - y) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Distance in CIE L*a*b* (1976) of two colours as an eye of this vision sees them. */
export function distanceOf(a: string, b: string, vision: string): number {
  const [labA, labB] = [a, b].map((colour) => toLab(see(linearOf(colour), vision))) as [Triple, Triple];
  return Math.hypot(...labA.map((value, index) => value - (labB[index] ?? 0)));
}

function luminanceOf(colour: string): number {
  const [red, green, blue] = linearOf(colour);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linearOf(colour: string): Triple {
  const channel = (start: number) => {
    const value = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function see(rgb: Triple, vision: string): Triple {
  const matrix = VISIONS[vision] ?? [];
  return matrix.map((row) => Math.min(1, Math.max(0, dot(row, rgb)))) as unknown as Triple;
}

function toLab(rgb: Triple): Triple {
  const x = dot([0.4124, 0.3576, 0.1805], rgb) / 0.9505;
  const y = dot([0.2126, 0.7152, 0.0722], rgb);
  const z = dot([0.0193, 0.1192, 0.9505], rgb) / 1.089;
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116);
  return [116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))];
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
