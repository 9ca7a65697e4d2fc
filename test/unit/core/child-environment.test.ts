import { expect, it } from 'vitest';
import { environmentForChild } from '../../../src/core/child-environment.ts';

const harmless = {
  ...{
    PATH: '/usr/bin',
    HOME: '/home/me',
    PWD: '/here',
    OLDPWD: '/there',
    LANG: 'de_DE.UTF-8',
    DISPLAY: ':0',
  },
  ...{ SSH_AUTH_SOCK: '/run/agent', SSH_ASKPASS: '/usr/bin/ask', XAUTHORITY: '/home/me/.Xauthority' },
  ...{ GNOME_KEYRING_CONTROL: '/run/keyring', TOKENIZERS_PARALLELISM: 'false', HF_HOME: '/models' },
  ...{
    CUDA_VISIBLE_DEVICES: '0',
    COSMOS_FFMPEG: '/opt/ffmpeg',
    KEYBOARD: 'de',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/bus',
  },
};
const secrets = {
  ...{
    OPENAI_API_KEY: 'sk-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_PROFILE: 'me',
    AWS_SESSION_TOKEN: 'b',
    HF_TOKEN: 'hf_12345',
  },
  ...{
    GITHUB_TOKEN: 'c',
    GH_PAT: 'd',
    COSMOS_QUEUE_PASSWORD: 'e',
    MYSQL_PWD: 'f',
    npm_config__authToken: 'g',
  },
  ...{
    DOCKER_AUTH_CONFIG: '{}',
    apikey: 'h',
    DATABASE_URL: 'postgres://me:pw@db/x',
    MY_SETTING: 'the key itself',
  },
  ...{ COPY_OF_IT: 'the key itself', https_proxy: 'http://me:pw@proxy:8080' },
};
const environment = { ...harmless, ...secrets, COSMOS_KEY_VARIABLES: 'MY_SETTING,OTHER', UNSET: undefined };

it('another program gets no secret, whatever it is called', () => {
  expect(environmentForChild(environment)).toEqual({ ...harmless, COSMOS_KEY_VARIABLES: 'MY_SETTING,OTHER' });
});

it('one that needs a secret gets that one, and its proxy', () => {
  const child = environmentForChild(environment, {
    keep: ['MY_SETTING', 'HF_TOKEN', null],
    hasNetwork: true,
  });
  const { MY_SETTING, HF_TOKEN, https_proxy } = secrets;
  expect(child).toEqual({
    ...harmless,
    MY_SETTING,
    HF_TOKEN,
    https_proxy,
    COSMOS_KEY_VARIABLES: 'MY_SETTING,OTHER',
  });
});
