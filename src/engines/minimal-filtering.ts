/** The name under which convolutions by Winograd's minimal filtering are left out, on every engine that has them. */
export const MINIMAL_FILTERING = 'minimal-filtering';
