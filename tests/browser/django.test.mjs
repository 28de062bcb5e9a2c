// A real application with sessions and form tokens of its own: the admin site of Django from its Debian package, as it
// comes. A form that meets the lock arrives whole, with its CSRF token, in the page and without JavaScript.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './harness.mjs';
import { givePassword, left, path, press, signIn, unlockInPlace } from './person.mjs';
import { stage } from './stage.mjs';
import { freePort, startGateway } from './tenure.mjs';

const PACKAGE = '/usr/lib/python3/dist-packages/django';
// The package is for the Python of Debian, whatever else is in the PATH.
const PYTHON = '/usr/bin/python3';
const PROJECT = `
import sys
from django.conf import settings
settings.configure(
    DEBUG=True, SECRET_KEY="of a test", ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], STATIC_URL="/static/", USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "harbour.sqlite3"}},
    INSTALLED_APPS=["django.contrib." + app for app in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors":
        ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}],
)
import django
django.setup()
from django.contrib import admin
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`;
const LIMITS = '[policy]\npreset = "custom"\nidle_timeout = "8s"\nwarn_before = "2s"\n';
const HARBOURMASTER = { name: 'harbourmaster', password: 'tide-tables-and-ropes' };

const { context: contextWith } = stage();
let django;
let gateway;
before(async () => {
  django = await startDjango();
  gateway = await startGateway(django.url, LIMITS);
});
after(async () => {
  await gateway?.stop();
  django?.stop();
});

async function startDjango() {
  if (!existsSync(PACKAGE)) throw new Error('Django is not installed: scripts/setup, or apt-get install python3-django');
  const folder = mkdtempSync(join(tmpdir(), 'tenure-django-'));
  writeFileSync(join(folder, 'project.py'), PROJECT);
  const options = { cwd: folder, stdio: 'ignore', env: { PATH: process.env.PATH, DJANGO_SUPERUSER_PASSWORD: HARBOURMASTER.password } };
  execFileSync(PYTHON, ['project.py', 'migrate'], options);
  execFileSync(PYTHON, ['project.py', 'createsuperuser', '--noinput', '--username', HARBOURMASTER.name, '--email', 'harbour@example.org'], options);
  const port = await freePort();
  const child = spawn(PYTHON, ['project.py', 'runserver', '--noreload', `127.0.0.1:${port}`], options);
  const url = `http://127.0.0.1:${port}`;
  await until('Django answers', () => fetch(`${url}/admin/login/`).then((answer) => answer.ok, () => false), 30_000);
  return { url, stop: () => { child.kill('SIGKILL'); rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }); } };
}

/** Signed in at the gateway and then at Django; a form that is filled in, and left until the session is locked. */
async function formLeft(context, surname) {
  const page = await context.newPage();
  await signIn(page, gateway, '/admin/auth/user/1/change/');
  await page.getByLabel('Username').fill(HARBOURMASTER.name);
  await page.getByLabel('Password').fill(HARBOURMASTER.password);
  await press(page, 'Log in');
  await page.getByLabel('First name').fill('Zoë');
  await page.getByLabel('Last name').fill(surname);
  await left(context, gateway);
  return page;
}

/** What Django holds now, read by the same person in a page of their own. */
async function surnameIn(context) {
  const page = await context.newPage();
  await page.goto(`${gateway.url}/admin/auth/user/1/change/`);
  return page.getByLabel('Last name').inputValue();
}

test('7: a form of Django’s admin meets the lock in the page, and is saved with its token after the unlock', async () => {
  const context = await contextWith();
  const page = await formLeft(context, 'van der Zee');
  await unlockInPlace(page, gateway);
  assert.equal(await page.getByLabel('First name').inputValue(), 'Zoë');
  await press(page, 'Save');
  await page.getByText('was changed successfully').waitFor();
  assert.equal(await surnameIn(context), 'van der Zee');
});

test('8: without JavaScript, a form of Django’s admin is kept, and taken with its token after the unlock', async () => {
  const context = await contextWith({ javaScriptEnabled: false });
  const page = await formLeft(context, 'O’Malley & Sons');
  await press(page, 'Save');
  assert.equal(path(page), '/.tenure/unlock');
  await givePassword(page, gateway, 'Unlock');
  const shown = await page.locator('main').innerText();
  assert.ok(shown.includes('O’Malley & Sons') && shown.includes('/admin/auth/user/1/change/'), shown);
  assert.doesNotMatch(shown, /[A-Za-z0-9]{64}/, 'the token is not shown');
  await press(page, 'Send it now');
  await page.getByText('was changed successfully').waitFor();
  assert.equal(await surnameIn(context), 'O’Malley & Sons');
});
