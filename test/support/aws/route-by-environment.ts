import { routeHost } from './route-host.ts'

/** For `node --import`: leads the host of the environment to this machine. */
const {
  TEST_ROUTE_HOST: host = '',
  TEST_ROUTE_PORT: port,
  TEST_ROUTE_CERT: cert = '',
} = process.env
routeHost(host, { port: Number(port), cert })
