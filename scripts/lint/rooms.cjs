/**
 * @file Which room may import which: each imports from rooms above it in this list, and from itself. `npm run lint` holds
 * src and scripts to it with dependency-cruiser.
 */
'use strict';

/** In the order of the data, what rests on nothing first. A line holds rooms that know nothing of one another. */
const ROOMS = [
  ['wasm', 'files', 'yaml'],
  ['random', 'locks', 'settings'],
  ['net', 'pruning', 'compiler'],
  ['engines'],
  ['data', 'models'],
  ['methods'],
  ['config', 'plugins'],
  ['training'],
  ['runs'],
  ['runner'],
  ['sweeps', 'cluster'],
  ['export'],
  ['tables'],
  ['gate', 'figures', 'tracking'],
  ['report'],
  ['terminal', 'library'],
  ['cli'],
];

/** Matches the files of rooms. */
const inRooms = (rooms) => `^src/(${rooms.join('|')})/`;

const upwards = ROOMS.flatMap((line, index) =>
  line.map((room) => ({
    name: `what ${room} may import`,
    comment: 'a room imports from rooms above it in scripts/lint/rooms.cjs',
    severity: 'error',
    from: { path: inRooms([room]) },
    to: {
      path: inRooms(
        ROOMS.slice(index)
          .flat()
          .filter((other) => other !== room),
      ),
    },
  })),
);

module.exports = {
  forbidden: [
    ...upwards,
    {
      name: 'a room that the list lacks',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: inRooms(ROOMS.flat()) },
      to: {},
    },
    {
      name: 'files that stand in no room rest on nothing',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/' },
    },
    {
      name: 'scripts work without the command line',
      severity: 'error',
      from: { path: '^scripts/' },
      to: { path: inRooms(['cli']) },
    },
    {
      name: 'no circle',
      comment:
        "a method's settings load its regularizer when it is needed; that names the type of the settings",
      severity: 'error',
      from: { pathNot: '^src/methods/[^/]+/(settings|regularizer)\\.ts$' },
      to: { circular: true },
    },
    {
      name: 'what is known of a method needs no tfjs',
      severity: 'error',
      from: { path: '^src/methods/([^/]+/settings|definition|names|registry|values)\\.ts$' },
      to: {
        path: '@tensorflow/|/regularizer\\.ts$|^src/methods/(layers|masks)\\.ts$',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
  },
};
