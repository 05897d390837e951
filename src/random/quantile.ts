/** @file The standard normal quantile function, which turns uniform numbers into normal ones. */

/** Half-width of the range around 1/2 in which the central approximation holds. */
const CENTRE = 0.425;

/**
 * The x at which the standard normal distribution function is p: algorithm AS 241, PPND7 (Wichura 1988), relative
 * error about 1e-7, which is the precision of a float.
 *
 * One number in gives one number out, so that a stream of normals is as addressable as one of uniforms, and only the
 * outer 15 % need a logarithm.
 *
 * @param p from e^−25 to 1 − e^−25; beyond, AS 241 has a third branch, which 32-bit uniforms never reach
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= CENTRE) {
    const r = CENTRE * CENTRE - q * q;
    return (
      (q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)) /
      (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)
    );
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p)) - 1.6;
  const x =
    (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
    ((0.12021132975 * r + 0.7370016425) * r + 1);
  return q < 0 ? -x : x;
}
