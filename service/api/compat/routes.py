"""All shims, as one router."""

from fastapi import APIRouter

from service.api.compat import classify, nemo_gym, openrlhf, rerank, score, slime

router = APIRouter()
for part in (openrlhf, slime, nemo_gym, score, classify, rerank):
    router.include_router(part.router)
