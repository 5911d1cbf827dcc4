// A PDS of the AT Protocol and the directory of identities it needs, both on loopback and both new.
//
// node pds.mjs FOLDER PORT DIRECTORY_PORT
// Out: "ready" when both answer. They end with SIGTERM.
import { randomBytes } from "node:crypto";
import net from "node:net";
import { join } from "node:path";

const [folder, port, directoryPort] = process.argv.slice(2);
const nowhere = { url: "https://nowhere.invalid", did: "did:example:nowhere" };
const secret = () => randomBytes(32).toString("hex");

// Both would listen on every address of the machine.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (where, ...more) {
  const number = typeof where === "object" ? where.port : where;
  const ready = more.find((one) => typeof one === "function");
  return listen.call(this, { port: Number(number), host: "127.0.0.1" }, ready);
};

const { Database, PlcServer } = await import("@did-plc/server");
const { PDS } = await import("@atproto/pds");

const directory = PlcServer.create({ db: Database.mock(), port: Number(directoryPort) });
await directory.start();
const pds = await PDS.fromEnv({
  devMode: true,
  port: Number(port),
  hostname: "localhost",
  dataDirectory: folder,
  blobstoreDiskLocation: join(folder, "blobs"),
  didPlcUrl: `http://localhost:${directoryPort}`,
  serviceHandleDomains: [".test"],
  inviteRequired: false,
  disableSsrfProtection: true,
  adminPassword: secret(),
  jwtSecret: secret(),
  dpopSecret: secret(),
  plcRotationKeyK256PrivateKeyHex: secret(),
  bskyAppViewUrl: nowhere.url,
  bskyAppViewDid: nowhere.did,
  modServiceUrl: nowhere.url,
  modServiceDid: nowhere.did,
});
await pds.start();
process.on("SIGTERM", async () => {
  await pds.destroy();
  await directory.destroy();
  process.exit(0);
});
console.log("ready");
