"""What is sealed opens with its key and for its purpose only."""

import pytest
from flask import Flask

from server import vault
from server.settings import Settings


@pytest.mark.requirement("SR-52")
def test_a_secret_is_sealed_and_opens_for_its_purpose_only(app: Flask) -> None:
    with app.app_context():
        sealed = vault.seal("clé d’accès", "odoo.password")
        assert vault.open_(sealed, "odoo.password") == "clé d’accès"
        assert "acc" not in sealed and sealed.isascii()
        assert sealed != vault.seal("clé d’accès", "odoo.password")
        changed = sealed[:20] + ("B" if sealed[20] == "A" else "A") + sealed[21:]
        for wrong in (changed, sealed[:-4], "", "plain"):
            with pytest.raises(vault.SealBroken):
                vault.open_(wrong, "odoo.password")
        with pytest.raises(vault.SealBroken):
            vault.open_(sealed, "erpnext.password")


@pytest.mark.requirement("SR-52")
def test_without_the_key_file_nothing_opens(app: Flask, settings: Settings) -> None:
    with app.app_context():
        sealed = vault.seal("secret", "x")
        assert (settings.data_dir / "vault.key").stat().st_mode & 0o777 == 0o600
        (settings.data_dir / "vault.key").unlink()
        with pytest.raises(vault.SealBroken):
            vault.open_(sealed, "x")
