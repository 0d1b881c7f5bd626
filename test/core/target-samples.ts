/** URLs and hosts to judge, with the rule that refuses each. Data. */

export const SCHEME = "its scheme is not http or https";
export const CREDENTIALS = "it carries credentials";
export const NOT_HTTPS = "its scheme is not https";
export const ADDRESS = "its address is not on the public internet";
export const LOCAL_NAME = "its host name is for local use, not the public internet";
const EMPTY_LABEL = "its host name has an empty label";
const SINGLE_LABEL = "its host name is a single label, not one of the public internet";
export const OWN_HOST = "its host is this service's own";
export const GOOD = [
  "https://crm.example",
  "https://crm.example/hook?x=1#part",
  "https://crm.example:8443/hook",
  "https://crm.example:80/hook",
  "https://crm.example./hook",
  "HTTPS://CRM.Example/Hook",
  "https://a.b.c.crm.example/",
  "https://xn--bcher-kva.example/",
  "https://bücher.example/",
  "https://localhost.example/",
  "https://notlocalhost.example/",
  "https://local.example/",
  "https://crm.notlocal/",
  "https://arpa.example/",
  "https://10.0.0.1.crm.example/",
  "https://hooks.postcall.example.crm.example/",
  "https://nothooks.postcall.example/",
  "https://postcall.example/",
  "https://8.8.8.8/",
  "https://8.8.8.8.:8443/",
  "https://100.63.255.255/",
  "https://100.128.0.1/",
  "https://172.32.0.1/",
  "https://[2606:4700:4700::1111]/",
  "https://[2a00:1450:4001:800::200e]:8443/",
  "https://[::ffff:8.8.8.8]/",
  "https://[2606:4700::5eff:a00:1]/",
];

/** Hosts that only a rule about addresses refuses, however they are written. */
const PRIVATE_ADDRESSES = [
  ...["127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"],
  ...[
    "127.0.0.1.",
    "127.0.0.1..",
    "0177.0.0.1..",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "１２７．０．０．１",
    "%31%32%37.0.0.1",
  ],
  ...["0.0.0.0", "0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
  ...[
    "169.254.169.254",
    "0xA9FEA9FE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "100.64.0.1",
    "100.127.255.255",
  ],
  ...["192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"],
  ...["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255"],
  ...["240.0.0.1", "255.255.255.255", "4294967295"],
  ...["[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::127.0.0.1]", "[::10.0.0.1]", "[::8.8.8.8]"],
  ...["[::ffff:10.0.0.1]", "[::FFFF:7F00:1]", "[::ffff:169.254.169.254]", "[::ffff:100.64.0.1]"],
  ...["[::ffff:0:10.0.0.1]", "[::ffff:0:8.8.8.8]", "[64:ff9b::10.0.0.1]", "[64:ff9b::8.8.8.8]"],
  ...["[64:ff9b:1::1]", "[64:ff9b:1:ffff::a00:1]", "[2002:7f00:1::]", "[2002:808:808::1]"],
  ...["[2001::1]", "[2001:0:4136:e378:8000:63bf:f5ff:fffe]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]"],
  ...["[2001:db8::1]", "[3fff::1]", "[3fff:fff:ffff::1]", "[5f00::1]", "[100::1]", "[4000::1]"],
  ...["[2606:4700::5efe:10.0.0.1]", "[2606:4700::200:5efe:127.0.0.1]", "[fe80::5efe:10.0.0.1]"],
  ...["[fe80::1]", "[febf::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]"],
].map((host): [string, string] => [host, ADDRESS]);

const PRIVATE_NAMES = [
  ...[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost..",
    "%6cocalhost",
    "ｌｏｃａｌｈｏｓｔ",
    "a.localhost",
  ],
  ...[
    "localhost.localdomain",
    "foo.local",
    "FOO.Local",
    "foo.local.",
    "foo。local",
    "foo．local｡",
    "a..local",
  ],
  ...["metadata.google.internal", "metadata.google.internal.", "router.home.arpa", "1.0.0.127.in-addr.arpa"],
  ...["nas.lan", "nas.home", "erp.corp", "wiki.intranet", "db.private", "crm.test", "crm.invalid", "x.onion"],
  ...["local", "internal."],
].map((host): [string, string] => [host, LOCAL_NAME]);

const SINGLE_LABELS = [
  ...[
    "intranet1",
    "metadata",
    "metadata.",
    "METADATA",
    "ｍｅｔａｄａｔａ",
    "kubernetes",
    "bücher",
    "com",
    "com.",
  ],
].map((host): [string, string] => [host, SINGLE_LABEL]);

const EMPTY_LABELS = [".router", "..router", ".hooks.postcall.example", "crm..example.com"].map(
  (host): [string, string] => [host, EMPTY_LABEL],
);

const OWN_HOSTS = [
  ...[
    "hooks.postcall.example",
    "hooks.postcall.example.",
    "hooks.postcall.example..",
    "HOOKS.Postcall.EXAMPLE",
  ],
  ...["hooks。postcall．example", "ｈｏｏｋｓ.postcall.example", "hooks%2epostcall.example"],
].map((host): [string, string] => [host, OWN_HOST]);

export const HOSTILE_HOSTS = [
  ...PRIVATE_ADDRESSES,
  ...PRIVATE_NAMES,
  ...SINGLE_LABELS,
  ...EMPTY_LABELS,
  ...OWN_HOSTS,
];

export const ALWAYS_BLOCKED: [string, string][] = [
  ["ftp://crm.example/", SCHEME],
  ["file:///etc/passwd", SCHEME],
  ["javascript:alert(1)", SCHEME],
  ["data:text/plain,x", SCHEME],
  ["ws://crm.example/", SCHEME],
  ["gopher://127.0.0.1:6379/_INFO", SCHEME],
  ["https://user:secret@crm.example/", CREDENTIALS],
  ["https://user@crm.example/", CREDENTIALS],
  ["https://:secret@crm.example/", CREDENTIALS],
  ["https://crm.example:443@127.0.0.1/", CREDENTIALS],
  ["https:\\\\user@crm.example\\", CREDENTIALS],
];

export const NO_URLS = [
  "",
  " ",
  "crm.example/hook",
  "//crm.example",
  "/hook",
  "https://",
  "https://a.example:65536/",
  "https://[::1",
  "https://[fe80::1%25eth0]/",
  "https://256.256.256.256/",
  "https://a b.example/",
];
