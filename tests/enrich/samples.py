"""Stories of a small newspaper, and an enrichment with nothing in its memory."""

from datetime import UTC, datetime, timedelta

import numpy as np

from services.enrich import steps
from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from shared.article import Article
from shared.plugs import find_plugs

STEPS = find_plugs(steps)
FIRST = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)

HARBOUR = """記者林美玲／高雄報導
高雄市長陳明德今天出席第七貨櫃中心啟用典禮，與臺灣港務公司董事長李賢義共同按下啟動鈕。
陳明德表示，第七貨櫃中心採全自動化作業，年裝卸量可達六百五十萬個貨櫃，是亞灣智慧港口的重要里程碑。
臺灣港務公司指出，第七貨櫃中心共有五座深水碼頭，可同時停靠四艘大型貨櫃輪，兩年內將再招募八百名員工。
市府說，「亞灣新創園區」已有百家企業進駐，智慧港口將帶動周邊倉儲、冷鏈與航運服務。
（圖／臺灣港務公司）"""
TRANSIT = """臺北市長蔣萬安今天視察捷運萬大線工程，要求廠商嚴守工安，並定期向議會說明進度。
捷運局表示，萬大線第一期土建工程已完成九成，機電系統正在測試，預計後年全線通車。
萬大線沿線居民長期忍受施工噪音，里長盼捷運局加派人力疏導交通。
蔣萬安強調，萬大線串連中正、萬華、中和與土城，通車後每天可服務十八萬人次。"""
TRANSIT_FOLLOW_UP = """捷運萬大線機電系統測試出現異常，臺北市捷運局今天說明，號誌廠商已更換零件。
捷運局指出，萬大線通車時程不受影響，後年仍可全線通車。
臺北市長蔣萬安要求廠商每週提報測試結果，並向萬大線沿線里長說明。"""
TYPHOON = """輕度颱風海燕持續朝巴士海峽接近，中央氣象署今天上午發布海上颱風警報。
氣象署預報員說，海燕颱風路徑偏南，週三對花蓮、臺東影響最明顯，山區嚴防豪雨。
臺東縣政府宣布預防性撤離三百名山區居民，並開設災害應變中心。"""
CHIPS = """晶圓代工廠今天召開法說會，宣布在新竹科學園區興建第三座先進封裝廠。
公司表示，先進封裝產能供不應求，明年資本支出將增加兩成，人工智慧晶片是主要動能。
分析師認為，先進封裝將成為半導體業競爭關鍵，設備供應鏈同步受惠。"""
BASEBALL = """中華隊今晚在臺北大巨蛋以三比二擊敗韓國隊，王牌投手林昱珉先發六局只失一分。
總教練曾豪駒賽後說，林昱珉的變速球壓制力十足，打線在第八局靠著短打逆轉。
大巨蛋湧進四萬名球迷，創下單場觀眾新高。"""
SIMPLIFIED = """台北市长蒋万安今天视察捷运万大线工程，要求厂商严守工安。
捷运局表示，万大线第一期土建工程已完成九成，机电系统正在测试，预计后年全线通车。
蒋万安强调，万大线串连中正、万华、中和与土城。"""
JAPANESE = """トヨタ自動車は十日、新型の電気自動車を東京で発表した。
航続距離は六百キロに達し、価格は五百万円からになる見通しだ。
トヨタ自動車の社長は記者会見で、電気自動車の販売目標を明らかにした。"""
ENGLISH = """Jensen Huang, the chief executive of Nvidia, arrived in Taipei on Monday.
Nvidia will build a research centre in Taiwan, Jensen Huang told reporters at the airport.
The chip maker said the centre would hire a thousand engineers over the next three years."""
KOREAN = """삼성전자는 평택에 반도체 공장을 증설한다고 밝혔다.
삼성전자 관계자는 반도체 투자 규모가 크다고 말했다."""


def article(uri: str, headline: str, body: str = "", **fields: object) -> Article:
    """An article, published an hour after the one with the number before."""
    number = int(uri.rpartition(":")[2]) if uri[-1].isdigit() else 0
    told = {"uri": uri, "headline": headline, "body_text": body}
    published = FIRST + timedelta(hours=number)
    return Article.model_validate({"date_published": published, **told, **fields})


def any_han(chars: int, seed: int) -> str:
    """Han characters without meaning, the same for the same seed."""
    return "".join(map(chr, np.random.default_rng(seed).integers(0x4E00, 0x9E00, chars)))


def newspaper() -> list[Article]:
    """Six stories; 2 and 3 tell one running story."""
    return [
        article("urn:n:1", "高雄第七貨櫃中心啟用 陳明德：智慧港口里程碑", HARBOUR),
        article("urn:n:2", "蔣萬安視察捷運萬大線 後年全線通車", TRANSIT),
        article("urn:n:3", "捷運萬大線號誌異常 捷運局：通車不受影響", TRANSIT_FOLLOW_UP),
        article("urn:n:4", "海燕颱風逼近 氣象署發布海警", TYPHOON),
        article("urn:n:5", "先進封裝供不應求 竹科再蓋新廠", CHIPS),
        article("urn:n:6", "大巨蛋四萬人見證 中華隊逆轉擊敗韓國", BASEBALL),
    ]


def pipeline() -> Pipeline:
    """All steps over an empty memory."""
    return Pipeline(Corpus(), STEPS)


def tag_names(enriched: Article) -> list[str]:
    """The names of its tags, in order."""
    return [tag.name for tag in enriched.tags]
