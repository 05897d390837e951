/** @file Tests that gain by lasting have a short form, which every `npm test` runs, and a long one: `npm run test:soak`. */

export const isSoak = process.env.TD_SOAK === '1';
