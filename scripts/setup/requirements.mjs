/**
 * What Millrace needs from the system, how to see that it is there, and what each package manager calls it.
 *
 * @typedef {'run' | 'test' | 'bench'} Purpose
 *   `run`: what `npm start` wants; `test`: that and what only the tests use; `bench`: that and the servers that the
 *   benches measure beside ours.
 *
 * @typedef {{ kind: 'command', names: readonly string[] }
 *   | { kind: 'pkg-config', name: string }
 *   | { kind: 'plugin', name: string }
 *   | { kind: 'folder', paths: readonly string[] }
 *   | { kind: 'file', path: string }} Probe
 *   `command`: one of the executables is on the PATH. `pkg-config`: a library's development files are installed.
 *   `plugin`: a GStreamer plugin's shared library is installed. `folder`: one of the folders exists and is not empty.
 *   `file`: it exists.
 *
 * @typedef {object} Requirement
 * @property {string} name what a person calls it
 * @property {'transcoding' | 'thumbnails' | 'tests' | 'benchmarks'} neededFor what is lost without it
 * @property {Probe} probe
 * @property {string} debian package name on Debian and Ubuntu
 * @property {string} fedora package name on Fedora (ffmpeg-devel, with x264, is in RPM Fusion)
 * @property {string | undefined} homebrew formula or cask; undefined where macOS's own command line tools have it
 */

/**
 * @param {string} library
 * @param {Requirement['neededFor']} neededFor
 * @returns {Requirement}
 */
const libav = (library, neededFor) => ({
  name: library,
  neededFor,
  probe: { kind: 'pkg-config', name: library },
  debian: `${library}-dev`,
  fedora: 'ffmpeg-devel',
  homebrew: 'ffmpeg',
});

/**
 * GStreamer shares no code with libav: the tests let it play what the server sends, and publish.
 *
 * @param {string} plugin
 * @param {string} debian
 * @param {string} fedora
 * @returns {Requirement}
 */
const gstreamerPlugin = (plugin, debian, fedora) => ({
  name: `GStreamer's ${plugin} plugin`,
  neededFor: 'tests',
  probe: { kind: 'plugin', name: plugin },
  debian,
  fedora,
  homebrew: 'gstreamer',
});

/** @type {readonly Requirement[]} */
export const REQUIREMENTS = [
  libav('libavcodec', 'transcoding'),
  libav('libavformat', 'transcoding'),
  libav('libavutil', 'transcoding'),
  libav('libswscale', 'transcoding'),
  libav('libswresample', 'transcoding'),
  libav('libavfilter', 'thumbnails'),
  libav('libavdevice', 'thumbnails'),
  libav('libpostproc', 'thumbnails'),
  {
    name: 'pkg-config',
    neededFor: 'transcoding',
    probe: { kind: 'command', names: ['pkg-config'] },
    debian: 'pkg-config',
    fedora: 'pkgconf-pkg-config',
    homebrew: 'pkgconf',
  },
  {
    name: 'CMake',
    neededFor: 'transcoding',
    probe: { kind: 'command', names: ['cmake'] },
    debian: 'cmake',
    fedora: 'cmake',
    homebrew: 'cmake',
  },
  {
    name: 'a C++ compiler',
    neededFor: 'transcoding',
    probe: { kind: 'command', names: ['g++', 'clang++'] },
    debian: 'g++',
    fedora: 'gcc-c++',
    homebrew: undefined,
  },
  {
    name: 'make',
    neededFor: 'transcoding',
    probe: { kind: 'command', names: ['make', 'gmake'] },
    debian: 'make',
    fedora: 'make',
    homebrew: undefined,
  },
  {
    name: 'Python 3',
    neededFor: 'thumbnails',
    probe: { kind: 'command', names: ['python3'] },
    debian: 'python3',
    fedora: 'python3',
    homebrew: 'python3',
  },
  {
    name: 'ffmpeg',
    neededFor: 'tests',
    probe: { kind: 'command', names: ['ffmpeg'] },
    debian: 'ffmpeg',
    fedora: 'ffmpeg',
    homebrew: 'ffmpeg',
  },
  {
    name: 'OpenSSL',
    neededFor: 'tests',
    probe: { kind: 'command', names: ['openssl'] },
    debian: 'openssl',
    fedora: 'openssl',
    homebrew: 'openssl',
  },
  {
    name: 'Chromium',
    neededFor: 'tests',
    probe: { kind: 'command', names: ['chromium'] },
    debian: 'chromium',
    fedora: 'chromium',
    homebrew: 'chromium',
  },
  {
    name: 'a font',
    neededFor: 'tests',
    probe: {
      kind: 'folder',
      paths: [
        '/usr/share/fonts/truetype',
        '/usr/share/fonts/opentype',
        '/usr/share/fonts/dejavu-sans-fonts',
        '/System/Library/Fonts',
      ],
    },
    debian: 'fonts-dejavu-core',
    fedora: 'dejavu-sans-fonts',
    homebrew: undefined,
  },
  {
    name: 'clang-format',
    neededFor: 'tests',
    probe: { kind: 'command', names: ['clang-format'] },
    debian: 'clang-format',
    fedora: 'clang-tools-extra',
    homebrew: 'clang-format',
  },
  {
    name: 'gst-launch-1.0',
    neededFor: 'tests',
    probe: { kind: 'command', names: ['gst-launch-1.0'] },
    debian: 'gstreamer1.0-tools',
    fedora: 'gstreamer1',
    homebrew: 'gstreamer',
  },
  gstreamerPlugin('playback', 'gstreamer1.0-plugins-base', 'gstreamer1-plugins-base'),
  gstreamerPlugin('adaptivedemux2', 'gstreamer1.0-plugins-good', 'gstreamer1-plugins-good'),
  gstreamerPlugin('libav', 'gstreamer1.0-libav', 'gstreamer1-plugin-libav'),
  gstreamerPlugin('rtmp2', 'gstreamer1.0-plugins-bad', 'gstreamer1-plugins-bad-free'),
  gstreamerPlugin('rtmp', 'gstreamer1.0-plugins-bad', 'gstreamer1-plugins-bad-free'),
];

/** @type {readonly Requirement[]} */
const PEERS = [
  {
    name: 'nginx-rtmp',
    neededFor: 'benchmarks',
    probe: { kind: 'file', path: '/usr/lib/nginx/modules/ngx_rtmp_module.so' },
    debian: 'libnginx-mod-rtmp',
    fedora: 'nginx-mod-rtmp',
    homebrew: undefined,
  },
];

/**
 * @param {Purpose} purpose
 * @returns {readonly Requirement[]}
 */
export function requirementsFor(purpose) {
  switch (purpose) {
    case 'run':
      return REQUIREMENTS.filter((r) => r.neededFor !== 'tests');
    case 'test':
      return REQUIREMENTS;
    case 'bench':
      return [...REQUIREMENTS, ...PEERS];
  }
}
