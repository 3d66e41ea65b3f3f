"""The gateway's configuration: built-in defaults, under `ctrl.toml`, under the environment (`CTRL_…`).

Nothing else reads a configuration file or the environment. Secrets come from the environment and from
files only: a model names the variable that holds its key (`api_key_env`).
"""

from service.settings.auth import AuthSection
from service.settings.environment import API_KEY_VARIABLE, CONFIG_VARIABLE, PREFIX, URL_VARIABLE
from service.settings.loading import Settings, load_settings
from service.settings.models import (
    ADDRESSES,
    CacheSection,
    Defaults,
    EmbeddedModelSettings,
    ModelName,
    ModelSection,
    ModelSettings,
    OpenAIModelSettings,
)
from service.settings.parts import STORE_SCHEMES, SandboxSection, StoreSection
from service.settings.section import BaseUrl, Section, SettingsError
from service.settings.serving import LogSection, McpSection, ServerSection, TracingSection
from service.settings.shipped import shared_file, shipped

__all__ = [
    "ADDRESSES",
    "API_KEY_VARIABLE",
    "CONFIG_VARIABLE",
    "PREFIX",
    "STORE_SCHEMES",
    "URL_VARIABLE",
    "AuthSection",
    "BaseUrl",
    "CacheSection",
    "Defaults",
    "EmbeddedModelSettings",
    "LogSection",
    "McpSection",
    "ModelName",
    "ModelSection",
    "ModelSettings",
    "OpenAIModelSettings",
    "SandboxSection",
    "Section",
    "ServerSection",
    "Settings",
    "SettingsError",
    "StoreSection",
    "TracingSection",
    "load_settings",
    "shared_file",
    "shipped",
]
