// A Node client of zenrelease.v1, from the .proto files alone.
//
//   node client.js ADDRESS PROTO-FOLDER MODULES-FOLDER GOOD-IDS LIVE-ID   (ids with commas between)
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { createRequire } = require('node:module');

const [address, protoFolder, modules, goodIds, liveId] = process.argv.slice(2);
const load = createRequire(path.join(modules, 'package.json'));
const grpc = load('@grpc/grpc-js');
const protoLoader = load('@grpc/proto-loader');

const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true,
  includeDirs: [protoFolder] };
const definition = protoLoader.loadSync(
  ['zenrelease/v1/release_service.proto'], options);
const service = grpc.loadPackageDefinition(definition).zenrelease.v1.ReleaseService;
const client = new service(address, grpc.credentials.createInsecure(),
  { 'grpc.enable_http_proxy': 0 });
const deadline = () => ({ deadline: Date.now() + 60000 });
const ids = goodIds.split(',');
const product = 'PRODUCT_VM';

function unary(method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, deadline(), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function outcomes(response) {
  return Object.fromEntries(response.results.map((r) => [r.instance_id, r.outcome]));
}

// google.rpc.Status in the trailers: type name -> message.
function details(error) {
  const [status] = error.metadata.get('grpc-status-details-bin');
  assert.ok(status, 'no details in the trailers');
  const found = {};
  for (const any of decode('google.rpc.Status', status).details) {
    const name = any.type_url.split('/').pop();
    found[name] = decode(name, any.value);
  }
  return found;
}

function decode(name, bytes) {
  const protobuf = load('protobufjs');
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => path.join(protoFolder, target);
  root.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto']);
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { defaults: true });
}

async function lists() {
  const page = await unary('ListInstances', { product, page_size: 2 });
  assert.equal(page.instances.length, 2);
  assert.equal(page.total_size, String(ids.length));
  assert.ok(page.next_page_token);
  const next = await unary('ListInstances', { product, page_size: 2, page_token: page.next_page_token });
  assert.notEqual(next.instances[0].instance_id, page.instances[0].instance_id);
  assert.equal(next.instances[0].status, 'RECYCLE');
}

async function refuses() {
  const error = await unary('Release', { product, instance_ids: [ids[0], ' padded'] })
    .then(() => assert.fail('accepted'), (e) => e);
  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  assert.match(error.details, /instance_ids\[1\]/);
  const violations = details(error)['google.rpc.BadRequest'].fieldViolations;
  assert.deepEqual(violations.map((v) => v.field), ['instance_ids[1]']);
}

async function releases() {
  const half = ids.slice(0, ids.length / 2);
  const answer = await unary('Release', { product, instance_ids: [...half, liveId] });
  const expected = Object.fromEntries(half.map((id) => [id, 'OUTCOME_RELEASED']));
  expected[liveId] = 'OUTCOME_NOT_RECYCLED';
  assert.deepEqual(outcomes(answer), expected);
  assert.equal(answer.counts.released, half.length);
  assert.deepEqual(answer.diagnostics.map((d) => [d.code, d.field]),
    [['NOT_RECYCLED', `instance_ids[${half.length}]`]]);
}

function watches() {
  const half = ids.slice(ids.length / 2);
  return new Promise((resolve, reject) => {
    const events = [];
    const stream = client.WatchRelease({ product, instance_ids: half, request_id: 'node-1' }, deadline());
    stream.on('data', (event) => events.push(event));
    stream.on('error', reject);
    stream.on('end', () => {
      try {
        assert.deepEqual(events.map((e) => e.sequence), events.map((_, i) => String(i + 1)));
        assert.equal(events.at(-1).event, 'result');
        assert.deepEqual(outcomes(events.at(-1).result),
          Object.fromEntries(half.map((id) => [id, 'OUTCOME_RELEASED'])));
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

(async () => {
  await lists();
  await refuses();
  await releases();
  await watches();
  client.close();
  console.log('node: lists, refuses, releases, watches');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
