// The relay lives with the demo, which plays its broadcast through it too: edit it there.
export * from '../../src/demo/rtsp-relay.js';
