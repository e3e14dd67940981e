// lb.v1 from Node. connect() reads the project's proto files and gives every
// method as a function: those that answer once return a promise, watches an
// async iterator. Requests and answers are plain objects with the protos'
// field names; 64-bit numbers are strings, as in JSON, enumerations names.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export const { status } = grpc;

// For calls that answer once.
const DEADLINE_MS = 10_000;

const REPOSITORY_PROTOS = fileURLToPath(
  new URL('../../proto', import.meta.url));

// Connects to a controller's socket, {socket: '/run/lb-controller/viewer.sock'},
// whose role is the caller's, or to its mutual TLS port, {address: 'host:7443',
// tls: {ca, cert, key, trustDomain}} with files' names. `protos` is a folder
// with lb/v1 and google/rpc. The first call connects; close() it in the end.
export function connect({ socket, address, tls, protos = REPOSITORY_PROTOS }) {
  const definitions = load(protos);
  const channel = new grpc.Client(
    socket ? `unix:${socket}` : address,
    tls ? mutualTls(tls) : grpc.credentials.createInsecure(),
    // The controller is known by the one URI of its certificate, whatever name
    // or number it is reached under.
    { 'grpc.ssl_target_name_override': 'lb-controller' });
  const lb = { close: () => channel.close() };
  for (const [name, service] of Object.entries(definitions)) {
    const [, short] = name.match(/^lb\.v1\.(\w+Service)$/) ?? [];
    if (!short) continue;
    lb[short] = {};
    for (const [method, definition] of Object.entries(service)) {
      if (definition.requestStream) continue;  // the agents' own
      const call = definition.responseStream ? watcher : caller;
      lb[short][method] = call(channel, definition, definitions);
    }
  }
  return lb;
}

function load(protos) {
  const services = readdirSync(`${protos}/lb/v1`)
    .filter((file) => file.endsWith('_service.proto'))
    .map((file) => `lb/v1/${file}`);
  return loadSync(
    [...services, 'google/rpc/status.proto', 'google/rpc/error_details.proto'],
    {
      includeDirs: [protos],
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
      oneofs: true,
    });
}

function mutualTls({ ca, cert, key, trustDomain }) {
  const wanted = `URI:spiffe://${trustDomain}/controller`;
  return grpc.credentials.createSsl(
    readFileSync(ca), readFileSync(key), readFileSync(cert), {
      checkServerIdentity(_host, certificate) {
        const uris = (certificate.subjectaltname ?? '').split(', ')
          .filter((name) => name.startsWith('URI:'));
        if (uris.length === 1 && uris[0] === wanted) return undefined;
        return new Error(`the server is ${uris.join()}, not ${wanted}`);
      },
    });
}

function caller(channel, method, definitions) {
  const { path, requestSerialize, responseDeserialize } = method;
  return (request = {}) => new Promise((resolve, reject) => {
    channel.makeUnaryRequest(
      path, requestSerialize, responseDeserialize, request,
      { deadline: Date.now() + DEADLINE_MS },
      (error, response) =>
        error ? reject(withInfo(error, definitions)) : resolve(response));
  });
}

// The call begins with the first read and ends when the reader leaves its loop.
function watcher(channel, method, definitions) {
  const { path, requestSerialize, responseDeserialize } = method;
  return async function* (request = {}) {
    const call = channel.makeServerStreamRequest(
      path, requestSerialize, responseDeserialize, request);
    try {
      yield* call;
    } catch (error) {
      throw withInfo(error, definitions);
    } finally {
      call.on('error', () => {});  // says only that it was cancelled
      call.cancel();
    }
  };
}

// `code` is gRPC's; `info` is the google.rpc.ErrorInfo, whose reason tells
// causes of one code apart. It is missing if no controller answered.
function withInfo(error, definitions) {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!bytes) return error;
  const { details } = definitions['google.rpc.Status'].deserialize(bytes);
  const any = details.find(
    ({ type_url }) => type_url.endsWith('/google.rpc.ErrorInfo'));
  error.info = definitions['google.rpc.ErrorInfo'].deserialize(any.value);
  return error;
}
